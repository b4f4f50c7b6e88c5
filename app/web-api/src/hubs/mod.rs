//! What is told at once to who is connected.

mod listeners;
mod notifications;
mod notifier;

pub use notifications::{NotificationHub, PATH};
pub use notifier::HubNotifier;
