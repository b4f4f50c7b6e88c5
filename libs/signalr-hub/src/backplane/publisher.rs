//! Writes envelopes in order, many at once when many wait.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::BackplaneError;

/// Envelopes that may wait; then publishing waits.
const WAITING: usize = 1_024;
/// Envelopes written at once.
const BATCH: usize = 256;

/// Where envelopes are kept for the other servers.
#[async_trait]
pub(super) trait Write: Send + 'static {
    /// Writes all or none of them, in a bounded time.
    async fn write(&mut self, envelopes: &[&[u8]]) -> Result<(), String>;
}

pub(super) struct Publisher {
    queue: mpsc::Sender<Waiting>,
}

struct Waiting {
    envelope: Bytes,
    written: oneshot::Sender<Result<(), BackplaneError>>,
}

impl Publisher {
    /// Ends when it is dropped and all that waits is written.
    pub(super) fn start(writer: impl Write) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        tokio::spawn(write_all(writer, waiting));
        Self { queue }
    }

    pub(super) async fn publish(&self, envelope: Bytes) -> Result<(), BackplaneError> {
        let (written, result) = oneshot::channel();
        let waiting = Waiting { envelope, written };
        let gone = || BackplaneError::because("the publisher has ended");
        self.queue.send(waiting).await.map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }
}

/// One batch at a time, so that this server's envelopes stay in order.
async fn write_all(mut writer: impl Write, mut queue: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let envelopes: Vec<&[u8]> = batch.iter().map(|waiting| &*waiting.envelope).collect();
        let result = writer.write(&envelopes).await;
        for waiting in batch.drain(..) {
            let result = result.clone().map_err(BackplaneError::because);
            // The caller may have given up waiting.
            let _ = waiting.written.send(result);
        }
    }
}
