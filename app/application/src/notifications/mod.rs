//! What users are told, and their inbox.

mod inbox;
mod tell;

pub use inbox::{Inbox, InboxQuery, list_notifications, read_all_notifications, read_notification};
pub(crate) use tell::tell_waiting;
