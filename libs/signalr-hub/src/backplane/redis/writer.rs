//! Appends envelopes to the stream.

use std::time::Duration;

use async_trait::async_trait;
use redis::{RedisResult, Script, aio::MultiplexedConnection};
use tokio::time::{Instant, sleep};

use super::{super::publisher::Write, Hub};

/// Redis may be away for so long before publishing fails.
const PATIENCE: Duration = Duration::from_secs(10);
const TRY_AGAIN: Duration = Duration::from_millis(100);
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

pub(super) struct Writer {
    hub: Hub,
    script: Script,
    connection: Option<MultiplexedConnection>,
    /// The number of the present batch: Redis refuses one it has already.
    batch: u64,
}

impl Writer {
    pub(super) async fn connect(hub: Hub) -> RedisResult<Self> {
        Ok(Self {
            connection: Some(hub.connect(ANSWERS_WITHIN).await?),
            script: Script::new(include_str!("publish.lua")),
            hub,
            batch: 0,
        })
    }

    async fn append(&mut self, envelopes: &[&[u8]]) -> RedisResult<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.hub.connect(ANSWERS_WITHIN).await?),
        };
        let mut append = self.script.prepare_invoke();
        append
            .key(self.hub.stream())
            .key(self.hub.last_batch())
            .arg(&*self.hub.publisher)
            .arg(self.batch)
            .arg(self.hub.limits.keep_for.as_millis().to_string())
            .arg(self.hub.limits.envelopes);
        for envelope in envelopes {
            append.arg(*envelope);
        }
        append.invoke_async(connection).await
    }
}

#[async_trait]
impl Write for Writer {
    async fn write(&mut self, envelopes: &[&[u8]]) -> Result<(), String> {
        self.batch += 1;
        let start = Instant::now();
        loop {
            let Err(error) = self.append(envelopes).await else {
                return Ok(());
            };
            self.connection = None;
            if start.elapsed() > PATIENCE {
                return Err(error.to_string());
            }
            sleep(TRY_AGAIN).await;
        }
    }
}
