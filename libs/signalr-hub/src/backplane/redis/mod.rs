//! Servers that share a Redis.
//!
//! Envelopes travel in a stream, not over Pub/Sub: a server that lost its connection reads on where it
//! stopped, and Redis may be restarted.

mod listener;
mod writer;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use redis::{AsyncConnectionConfig, Client, aio::MultiplexedConnection};

use self::{listener::Listener, writer::Writer};
use super::{Backplane, BackplaneError, name::check_name, publisher::Publisher};
use crate::connection::random_id;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Joins the servers of a hub through Redis 6.2 or later.
///
/// It keeps two connections, one to publish and one that waits for envelopes. When Redis goes away,
/// publishing tries again for ten seconds, without ever writing an envelope twice, and listening
/// goes on where it stopped.
///
/// What was published survives a restart of Redis if Redis keeps it: set `appendonly yes` there, and
/// `appendfsync always` if it has to survive a loss of power. A Redis that keeps nothing loses the
/// envelopes that some server had not read yet; that is logged as an error.
pub struct RedisBackplane {
    hub: Hub,
    publisher: Publisher,
}

/// How much is kept for servers that lost their connection. The stricter of the two holds.
#[derive(Debug, Clone, Copy)]
pub struct RedisLimits {
    /// The longest time a server may be cut off from Redis without missing any. Default five minutes.
    pub keep_for: Duration,
    /// The most envelopes that are kept. Redis may keep some hundred more. Default 100,000.
    pub envelopes: u32,
}

impl Default for RedisLimits {
    fn default() -> Self {
        Self {
            keep_for: Duration::from_mins(5),
            envelopes: 100_000,
        }
    }
}

/// What publishing and listening have in common.
#[derive(Clone)]
struct Hub {
    client: Client,
    name: String,
    /// This process: it need not read what it wrote.
    publisher: Arc<str>,
    limits: RedisLimits,
}

impl RedisBackplane {
    /// Joins the servers of the hub `name` that use this Redis, such as `redis://127.0.0.1/` or, with
    /// a user and in the second database, `redis://user:password@redis.example.com:6379/1`.
    ///
    /// `name` is one to 40 of `a` to `z`, `0` to `9` and `_`. Fails if Redis cannot be reached now.
    pub async fn join(url: &str, name: &str, limits: RedisLimits) -> Result<Self, BackplaneError> {
        check_name(name)?;
        let hub = Hub {
            client: Client::open(url).map_err(BackplaneError::caused_by)?,
            name: name.to_owned(),
            publisher: random_id(),
            limits,
        };
        let writer = Writer::connect(hub.clone()).await;
        Ok(Self {
            publisher: Publisher::start(writer.map_err(BackplaneError::caused_by)?),
            hub,
        })
    }
}

#[async_trait]
impl Backplane for RedisBackplane {
    async fn publish(&self, envelope: Bytes) -> Result<(), BackplaneError> {
        self.publisher.publish(envelope).await
    }

    async fn subscribe(&self) -> Result<BoxStream<'static, Bytes>, BackplaneError> {
        let listener = Listener::start(self.hub.clone())
            .await
            .map_err(BackplaneError::caused_by)?;
        Ok(listener.envelopes())
    }
}

impl fmt::Debug for RedisBackplane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedisBackplane")
            .field("hub", &self.hub.name)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// The braces put all keys of a hub on one node of a cluster.
    fn stream(&self) -> String {
        format!("signalr:{{{}}}:envelopes", self.name)
    }

    fn last_batch(&self) -> String {
        format!("signalr:{{{}}}:last-batch:{}", self.name, self.publisher)
    }

    async fn connect(&self, answers_within: Duration) -> redis::RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(answers_within));
        self.client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }
}
