//! What is told at once to who is connected.

mod inbox;
mod listeners;
mod notifications;
mod notifier;

pub use inbox::NotificationInbox;
pub use notifications::{NotificationHub, PATH};
pub use notifier::HubNotifier;
