use std::sync::Arc;
use std::time::Duration;

use sqlx::{PgPool, Postgres, SqlitePool, Transaction};
use tokio::fs::File;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::CATALOG;
use crate::database::{DatabaseError, Held};

/// How long a writer waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The connections to the catalogue, shared with the job engine's storage.
#[derive(Debug, Clone)]
pub enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool, Turn),
}

/// SQLite has one writer at a time. Within this process they take turns here, first come first
/// served; by itself SQLite tries again and again and lets anyone overtake.
#[derive(Debug, Clone)]
pub struct Turn(Arc<Semaphore>);

impl Default for Turn {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Turn {
    async fn wait(&self) -> sqlx::Result<OwnedSemaphorePermit> {
        let turn = timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        let turn = turn.map_err(|_| sqlx::Error::PoolTimedOut)?;
        Ok(turn.expect("nobody closes it"))
    }
}

impl Pool {
    /// A connection on which each statement stands for itself.
    pub async fn acquire(&self) -> Result<Held, DatabaseError> {
        Ok(match self {
            Self::Postgres(pool) => Held::PostgresConnection(pool.acquire().await?),
            Self::Sqlite(pool, _) => Held::SqliteConnection(pool.acquire().await?),
        })
    }

    /// A transaction that will write.
    pub async fn begin(&self) -> Result<Held, DatabaseError> {
        Ok(match self {
            Self::Postgres(pool) => Held::PostgresTransaction(begin(pool).await?),
            // A transaction that begins as a reader cannot wait its turn to write: it would fail.
            Self::Sqlite(pool, turn) => {
                let turn = turn.wait().await?;
                Held::SqliteTransaction(pool.begin_with("BEGIN IMMEDIATE").await?, turn)
            }
        })
    }

    /// What was committed survives a loss of power from here on. PostgreSQL sees to that by itself;
    /// SQLite's file is written out here, after the next writer has got its turn.
    pub async fn make_durable(&self) -> Result<(), DatabaseError> {
        let Self::Sqlite(pool, _) = self else {
            return Ok(());
        };
        let mut path = pool.connect_options().get_filename().as_os_str().to_owned();
        path.push("-wal");
        let log = File::open(path).await.map_err(sqlx::Error::Io)?;
        log.sync_data().await.map_err(sqlx::Error::Io)?;
        Ok(())
    }

    pub async fn migrate(&self) -> Result<(), DatabaseError> {
        let mut transaction = self.begin().await?;
        CATALOG.migrate(transaction.link()).await?;
        transaction.commit().await
    }

    pub async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::Sqlite(pool, _) => pool.close().await,
        }
    }
}

/// The driver forgets a transaction whose begin is cancelled, as by a browser that goes away: its
/// connection would go back to the pool with it open. A task of its own is not cancelled.
async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin().await }).await;
    begun.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
