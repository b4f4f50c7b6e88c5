//! Messages that wait for their user: sent again at each connection until one of them acknowledges.
//!
//! An [`InboxStore`] keeps them, in the sender's own transaction if it is given one. The hub reads them
//! from its [`Inbox`] and calls the client for each one as for a client result, so that every SignalR
//! client acknowledges by itself: it answers a call when its handler has run.
//!
//! - **In order.** A user's messages are numbered from 1 without gaps, and a connection gets them in that
//!   order. An answer, also one with an error, acknowledges everything up to its message: it shows that
//!   all of them have reached the client's code.
//! - **Once.** A connection never gets a message twice, and no later connection gets one that was
//!   acknowledged. If a connection breaks between handler and answer, nobody can tell on which side of
//!   the handler it broke, and the message comes again: a client that must not see it twice takes the
//!   number ([`DurableMessage::with_number`]) and skips all that are not above the last one.
//! - **All connections.** Those that a user has open when a message is sent all get it; the first answer
//!   counts for the user.

mod acknowledgement;
#[cfg(feature = "conformance")]
pub mod conformance;
mod courier;
mod memory;
mod message;
#[cfg(feature = "postgres")]
mod postgres;
mod review;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod rows;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::time::Duration;

use async_trait::async_trait;

pub(crate) use self::{acknowledgement::number_of, courier::Delivery, review::review};
pub use memory::MemoryInbox;
pub use message::{DurableMessage, NumberedMessage};
#[cfg(feature = "postgres")]
pub use postgres::PostgresInbox;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteInbox;

/// Where a hub finds the messages that wait for its users.
///
/// Implement it over a table of your own if messages are rows of your application already.
#[async_trait]
pub trait Inbox: Send + Sync + 'static {
    /// The number up to which a user has acknowledged; 0 at first.
    async fn acknowledged(&self, user: &str) -> Result<u64, InboxError>;

    /// The user's messages with higher numbers than `number`, lowest first, at most `limit` of them.
    async fn after(
        &self,
        user: &str,
        number: u64,
        limit: usize,
    ) -> Result<Vec<NumberedMessage>, InboxError>;

    /// The user has everything up to this number. A lower number than before changes nothing.
    async fn acknowledge(&self, user: &str, up_to: u64) -> Result<(), InboxError>;

    /// The highest number each of these users was ever sent. Users who never were sent anything may be
    /// left out.
    async fn newest(&self, users: &[String]) -> Result<Vec<(String, u64)>, InboxError>;

    /// Removes what nobody needs any more. Called about once a minute by each server.
    async fn clean(&self) -> Result<(), InboxError>;
}

/// An inbox that takes messages.
#[async_trait]
pub trait InboxStore: Inbox {
    /// Stores a message and gives its number. Once this returns, the message is not lost.
    ///
    /// [`Clients::deliver`](crate::Clients::deliver) then brings it to a user who is connected.
    async fn add(&self, user: &str, message: &DurableMessage) -> Result<u64, InboxError>;
}

/// How much an inbox keeps.
#[derive(Debug, Clone, Copy)]
pub struct InboxLimits {
    /// Messages that may wait for one user; then the oldest go, acknowledged or not. Default 1,000.
    pub per_user: u32,
    /// How long a message may wait. Default 30 days.
    pub keep_for: Duration,
}

impl Default for InboxLimits {
    fn default() -> Self {
        Self {
            per_user: 1_000,
            keep_for: Duration::from_hours(30 * 24),
        }
    }
}

impl InboxLimits {
    fn keep_acknowledged_for(&self) -> Duration {
        LINGER.min(self.keep_for)
    }
}

/// Acknowledged messages are kept for so long, for other connections of the user that are slower.
const LINGER: Duration = Duration::from_mins(1);

/// The inbox cannot be reached, or does not take a message.
#[derive(Debug, thiserror::Error)]
#[error("the inbox failed: {0}")]
pub struct InboxError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl InboxError {
    /// A failure with its cause, or in words.
    pub fn caused_by(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl From<sqlx::Error> for InboxError {
    fn from(error: sqlx::Error) -> Self {
        Self::caused_by(error)
    }
}
