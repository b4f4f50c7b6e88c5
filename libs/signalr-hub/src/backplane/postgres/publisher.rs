//! Writes envelopes, many at once when many wait.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{BackplaneError, Hub};

/// Envelopes that may wait; then publishing waits.
const WAITING: usize = 1_024;
/// Envelopes written in one statement.
const BATCH: usize = 256;
/// A statement that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Publisher {
    queue: mpsc::Sender<Waiting>,
}

struct Waiting {
    envelope: Bytes,
    written: oneshot::Sender<Result<(), BackplaneError>>,
}

impl Publisher {
    /// Ends when it is dropped and all that waits is written.
    pub(super) fn start(hub: Hub) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        tokio::spawn(write_all(hub, waiting));
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

/// One statement at a time, so that this server's envelopes stay in order.
async fn write_all(hub: Hub, mut queue: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let envelopes: Vec<&[u8]> = batch.iter().map(|waiting| &*waiting.envelope).collect();
        let result = write(&hub, &envelopes).await;
        for waiting in batch.drain(..) {
            let result = result.clone().map_err(BackplaneError::because);
            // The caller may have given up waiting.
            let _ = waiting.written.send(result);
        }
    }
}

async fn write(hub: &Hub, envelopes: &[&[u8]]) -> Result<(), String> {
    match tokio::time::timeout(TIMEOUT, insert(hub, envelopes)).await {
        Ok(written) => written.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer from the database in {TIMEOUT:?}")),
    }
}

/// Servers take turns, so that ids become visible in their order and a reader can go on after the
/// highest it has seen.
async fn insert(hub: &Hub, envelopes: &[&[u8]]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH turn AS MATERIALIZED (
             SELECT pg_advisory_xact_lock(hashtextextended($4, 0))
         ), written AS (
             INSERT INTO signalr_hub_envelopes (hub, publisher, payload)
             SELECT $1, $2, payload
             FROM turn, unnest($3::bytea[]) WITH ORDINALITY AS envelopes (payload, position)
             ORDER BY position
             RETURNING id
         )
         SELECT pg_notify($4, max(id)::text) FROM written",
    )
    .bind(&hub.name)
    .bind(hub.publisher)
    .bind(envelopes)
    .bind(hub.channel())
    .execute(&hub.pool)
    .await?;
    Ok(())
}
