use std::time::Duration;

use job_engine::storage::StorageError;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Sqlite, SqlitePool, Transaction};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout};

use crate::convert::unavailable;

/// How long a writer waits for its turn within this process, and as long again for writers of
/// other processes and of the application's own pool.
const PATIENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(10);

/// The lower byte of all codes that say so.
const SQLITE_BUSY: i32 = 5;

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
    /// Opens the database, in write-ahead mode from now on.
    pub(crate) async fn open(options: &SqliteConnectOptions) -> Result<Self, StorageError> {
        let writer = Self {
            turn: Semaphore::new(1),
            durable: connection(options, SqliteSynchronous::Full),
            quick: connection(options, SqliteSynchronous::Normal),
        };
        open(&writer.durable).await.map_err(unavailable)?;
        open(&writer.quick).await.map_err(unavailable)?;
        Ok(writer)
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

/// Tries again while another process opens the same file: nobody waits for a change of the journal's
/// mode, SQLite refuses at once.
async fn open(connection: &SqlitePool) -> sqlx::Result<()> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match connection.acquire().await {
            Err(error) if is_busy(&error) && Instant::now() < give_up => sleep(PAUSE).await,
            opened => return opened.map(drop),
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let code = code.and_then(|code| code.parse().ok());
    code.is_some_and(|code: i32| code & 0xff == SQLITE_BUSY)
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
        .before_acquire(|connection, _| {
            // A full disk ends the transaction without a word to the driver, which would take the
            // next one for a part of it, and refuse it for ever.
            let is_sound = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_sound) })
        })
        .connect_lazy_with(options)
}
