use std::time::Duration;

use job_engine::storage::StorageError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::convert::unavailable;

/// How long a writer waits for its turn within this process, and as long again for writers of
/// other processes and of the application's own pool.
const PATIENCE: Duration = Duration::from_secs(10);

/// SQLite has one writer at a time. Within this process they take turns here, first come first
/// served, which is quicker and fairer than SQLite's own way of trying again and again.
#[derive(Debug)]
pub(crate) struct Writer {
    turn: Semaphore,
    /// What it commits survives a loss of power.
    durable: SqlitePool,
    /// What it commits survives the end of the process.
    quick: SqlitePool,
}

/// A transaction that may write from its start on, and the turn of its writer.
pub(crate) struct Write<'a> {
    pub(crate) transaction: Transaction<'static, Sqlite>,
    _turn: SemaphorePermit<'a>,
}

impl Writer {
    pub(crate) fn of(options: &SqliteConnectOptions) -> Self {
        Self {
            turn: Semaphore::new(1),
            durable: connection(options, SqliteSynchronous::Full),
            quick: connection(options, SqliteSynchronous::Normal),
        }
    }

    /// For what a caller was promised: jobs that are enqueued, and what people command.
    pub(crate) async fn durable(&self) -> Result<Write<'_>, StorageError> {
        self.begin(&self.durable).await
    }

    /// For what the engine repeats when a loss of power undoes it: claims and results.
    pub(crate) async fn quick(&self) -> Result<Write<'_>, StorageError> {
        self.begin(&self.quick).await
    }

    async fn begin(&self, connection: &SqlitePool) -> Result<Write<'_>, StorageError> {
        let turn = timeout(PATIENCE, self.turn.acquire())
            .await
            .map_err(StorageError::unavailable)?
            .expect("nobody closes it");
        let transaction = connection
            .begin_with("begin immediate")
            .await
            .map_err(unavailable)?;
        Ok(Write {
            transaction,
            _turn: turn,
        })
    }
}

impl Write<'_> {
    pub(crate) async fn commit(self) -> Result<(), StorageError> {
        self.transaction.commit().await.map_err(unavailable)
    }
}

fn connection(options: &SqliteConnectOptions, synchronous: SqliteSynchronous) -> SqlitePool {
    let options = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(PATIENCE)
        .pragma("temp_store", "memory");
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .max_lifetime(None)
        .idle_timeout(None)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}
