//! What people can do, and how pages and addresses call it. [`crate::acting`] does it.

mod jobs;
mod queues;
mod recurring;
mod servers;

pub(crate) use jobs::Action;
pub(crate) use queues::QueueAction;
pub(crate) use recurring::RecurringAction;
pub(crate) use servers::ServerAction;
