//! Servers that share a PostgreSQL database.
//!
//! Envelopes travel in a table, whatever their size; a notification only says that there are some. So a
//! server that lost its connection reads on where it stopped.

mod listener;
mod writer;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use sqlx::PgPool;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use self::{listener::Listener, writer::Writer};
use super::{Backplane, BackplaneError, name::check_name, publisher::Publisher};

/// Joins the servers of a hub through a PostgreSQL database.
///
/// While it listens it keeps one connection of the pool; publishing borrows another for one statement.
/// Envelopes published at the same time share a transaction.
pub struct PostgresBackplane {
    hub: Hub,
    publisher: Publisher,
    _cleaning: DropGuard,
}

/// How long envelopes are kept for servers that lost their connection: the longest time a server may be
/// cut off from the database without missing any.
#[derive(Debug, Clone, Copy)]
pub struct Retention(
    /// Default five minutes.
    pub Duration,
);

impl Default for Retention {
    fn default() -> Self {
        Self(Duration::from_mins(5))
    }
}

/// What publishing, listening and cleaning have in common.
#[derive(Clone)]
struct Hub {
    pool: PgPool,
    name: String,
    /// This process: it need not read what it wrote.
    publisher: Uuid,
    retention: Duration,
}

impl PostgresBackplane {
    /// Joins the servers of the hub `name` that use this database, after making the table
    /// `signalr_hub_envelopes` if it is not there.
    ///
    /// `name` is one to 40 of `a` to `z`, `0` to `9` and `_`.
    pub async fn join(
        pool: PgPool,
        name: &str,
        Retention(retention): Retention,
    ) -> Result<Self, BackplaneError> {
        check_name(name)?;
        make_table(&pool).await.map_err(BackplaneError::caused_by)?;

        let hub = Hub {
            pool,
            name: name.to_owned(),
            publisher: Uuid::new_v4(),
            retention,
        };
        let dropped = CancellationToken::new();
        let cleaning = dropped
            .clone()
            .run_until_cancelled_owned(clean(hub.clone()));
        tokio::spawn(cleaning);
        Ok(Self {
            publisher: Publisher::start(Writer(hub.clone())),
            _cleaning: dropped.drop_guard(),
            hub,
        })
    }
}

#[async_trait]
impl Backplane for PostgresBackplane {
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

impl fmt::Debug for PostgresBackplane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PostgresBackplane")
            .field("hub", &self.hub.name)
            .finish_non_exhaustive()
    }
}

impl Hub {
    fn channel(&self) -> String {
        format!("signalr_hub_{}", self.name)
    }
}

async fn make_table(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // "IF NOT EXISTS" alone fails when two servers start at the same time.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('signalr_hub_envelopes', 0))")
        .execute(&mut *transaction)
        .await?;
    sqlx::query(include_str!("schema.sql"))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

/// Removes envelopes that every server has had the time to read.
async fn clean(hub: Hub) {
    let mut interval = tokio::time::interval((hub.retention / 4).max(Duration::from_secs(1)));
    loop {
        interval.tick().await;
        let cleaned = sqlx::query(
            "DELETE FROM signalr_hub_envelopes
             WHERE hub = $1 AND published_at < now() - make_interval(secs => $2)",
        )
        .bind(&hub.name)
        .bind(hub.retention.as_secs_f64())
        .execute(&hub.pool)
        .await;
        if let Err(error) = cleaned {
            tracing::warn!(%error, "old envelopes could not be removed; trying again");
        }
    }
}
