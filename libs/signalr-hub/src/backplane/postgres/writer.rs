//! Writes envelopes into the table.

use std::time::Duration;

use async_trait::async_trait;

use super::{super::publisher::Write, Hub};

/// A statement that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Writer(pub(super) Hub);

#[async_trait]
impl Write for Writer {
    async fn write(&mut self, envelopes: &[&[u8]]) -> Result<(), String> {
        match tokio::time::timeout(TIMEOUT, insert(&self.0, envelopes)).await {
            Ok(written) => written.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer from the database in {TIMEOUT:?}")),
        }
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
