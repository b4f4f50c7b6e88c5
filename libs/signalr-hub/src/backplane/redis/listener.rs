//! Reads the envelopes of other servers, in order, each once.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream, stream::BoxStream};
use redis::{RedisResult, Value, aio::MultiplexedConnection, from_redis_value};
use tokio::time::sleep;

use super::Hub;

/// Envelopes read at once.
const BATCH: usize = 500;
/// Redis lets a reader wait for so long before it answers that there is nothing.
const WAIT: Duration = Duration::from_secs(5);
/// Later than that, no answer comes any more.
const ANSWERS_WITHIN: Duration = Duration::from_secs(8);
const RECONNECT: Duration = Duration::from_millis(200);
/// Before every entry of a stream.
const START: &str = "0-0";

/// An entry's id and, by the script that writes them, `from`, the publisher, `envelope`, the envelope.
type Entry = (String, (String, String, String, Vec<u8>));

pub(super) struct Listener {
    hub: Hub,
    connection: Option<MultiplexedConnection>,
    /// The id of the last entry that was read.
    position: String,
    read: VecDeque<Bytes>,
}

impl Listener {
    /// Listens from now on.
    pub(super) async fn start(hub: Hub) -> RedisResult<Self> {
        let mut connection = hub.connect(ANSWERS_WITHIN).await?;
        let position = newest(&hub, &mut connection).await?;
        Ok(Self {
            hub,
            connection: Some(connection),
            position: position.unwrap_or_else(|| START.to_owned()),
            read: VecDeque::new(),
        })
    }

    pub(super) fn envelopes(self) -> BoxStream<'static, Bytes> {
        stream::unfold(self, |mut listener| async {
            let envelope = listener.next().await;
            Some((envelope, listener))
        })
        .boxed()
    }

    async fn next(&mut self) -> Bytes {
        loop {
            if let Some(envelope) = self.read.pop_front() {
                return envelope;
            }
            if let Err(error) = self.read_on().await {
                tracing::warn!(%error, "the backplane's Redis is away; trying again");
                self.connection = None;
                sleep(RECONNECT).await;
            }
        }
    }

    /// Waits for what comes after the last position.
    async fn read_on(&mut self) -> RedisResult<()> {
        if self.connection.is_none() {
            self.come_back().await?;
        }
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        let found: Option<Vec<(String, Vec<Entry>)>> = redis::cmd("XREAD")
            .arg("COUNT")
            .arg(BATCH)
            .arg("BLOCK")
            .arg(WAIT.as_millis().to_string())
            .arg("STREAMS")
            .arg(self.hub.stream())
            .arg(&self.position)
            .query_async(connection)
            .await?;

        let streams = found.unwrap_or_default();
        for (id, (_, from, _, envelope)) in streams.into_iter().flat_map(|(_, entries)| entries) {
            self.position = id;
            if *from != *self.hub.publisher {
                self.read.push_back(envelope.into());
            }
        }
        Ok(())
    }

    /// Connects again and finds out whether all that was missed is still there.
    async fn come_back(&mut self) -> RedisResult<()> {
        let mut connection = self.hub.connect(ANSWERS_WITHIN).await?;
        let newest = newest(&self.hub, &mut connection).await?;
        let newest = newest.as_deref().map_or((0, 0), moment);
        let position = moment(&self.position);
        if newest < position {
            tracing::error!("Redis came back without what it held; envelopes may be lost");
            START.clone_into(&mut self.position);
        } else if newest > position && !self.is_kept(&mut connection).await? {
            tracing::error!("Redis was away for longer than envelopes are kept; some may be lost");
        }
        self.connection = Some(connection);
        Ok(())
    }

    /// Whether the last entry that was read is still there: then all later ones are, too.
    async fn is_kept(&self, connection: &mut MultiplexedConnection) -> RedisResult<bool> {
        let kept: Vec<Entry> = redis::cmd("XRANGE")
            .arg(self.hub.stream())
            .arg(&self.position)
            .arg(&self.position)
            .query_async(connection)
            .await?;
        Ok(self.position == START || !kept.is_empty())
    }
}

/// The id of the last entry that was ever added; none if there is no stream.
async fn newest(hub: &Hub, connection: &mut MultiplexedConnection) -> RedisResult<Option<String>> {
    let exists: bool = redis::cmd("EXISTS")
        .arg(hub.stream())
        .query_async(connection)
        .await?;
    if !exists {
        return Ok(None);
    }
    let stream: HashMap<String, Value> = redis::cmd("XINFO")
        .arg("STREAM")
        .arg(hub.stream())
        .query_async(connection)
        .await?;
    let newest = stream.get("last-generated-id").cloned();
    Ok(newest.map(from_redis_value).transpose()?)
}

/// Ids are `milliseconds-number`, and are compared as numbers.
fn moment(id: &str) -> (u64, u64) {
    let (milliseconds, number) = id.split_once('-').unwrap_or((id, "0"));
    let read = |text: &str| text.parse().unwrap_or(0);
    (read(milliseconds), read(number))
}
