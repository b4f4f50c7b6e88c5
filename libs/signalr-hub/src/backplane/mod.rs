//! Telling the clients of other servers.

#[cfg(feature = "conformance")]
pub mod conformance;
mod envelope;
mod in_process;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod name;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod publisher;
#[cfg(feature = "redis")]
mod redis;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

pub(crate) use envelope::{Command, Envelope, Parcel, ResultOf, Target};
pub use in_process::InProcessBackplane;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresBackplane, Retention};
#[cfg(feature = "redis")]
pub use redis::{RedisBackplane, RedisLimits};

/// Carries what one server of a hub has to say to all others.
///
/// One backplane serves one hub. Every server of the hub publishes to it and listens to it; whether a
/// server hears its own envelopes again does not matter. The feature `conformance` has the tests that
/// every backplane passes.
#[async_trait]
pub trait Backplane: Send + Sync + 'static {
    /// Hands an envelope over. When this returns without error, every server that listens, or that
    /// lost its connection to the backplane for a time the backplane can bridge, will get it: once,
    /// and in order with all others this server published.
    ///
    /// An error may come after the envelope was written: whoever publishes it again may have it arrive
    /// twice.
    async fn publish(&self, envelope: Bytes) -> Result<(), BackplaneError>;

    /// All envelopes published from now on. The stream reconnects by itself; when it ends, the
    /// backplane is closed.
    async fn subscribe(&self) -> Result<BoxStream<'static, Bytes>, BackplaneError>;
}

/// The backplane cannot be reached, or does not take an envelope.
#[derive(Debug, thiserror::Error)]
#[error("the backplane failed: {reason}")]
pub struct BackplaneError {
    reason: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl BackplaneError {
    /// A failure with its cause.
    pub fn caused_by(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            reason: source.to_string(),
            source: Some(Box::new(source)),
        }
    }

    /// A failure that has no other cause.
    pub fn because(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            source: None,
        }
    }
}
