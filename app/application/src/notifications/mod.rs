//! What users are told, and their inbox.

mod delivery;
mod inbox;

pub use delivery::{delivered, mark_delivered, notifications_after, undelivered};
pub use inbox::{Inbox, InboxQuery, list_notifications, read_all_notifications, read_notification};
