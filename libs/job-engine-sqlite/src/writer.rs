use std::time::Duration;

use job_engine::storage::StorageError;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{Connection, Sqlite, SqlitePool, Transaction};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout};

use crate::checkpoints::Checkpoints;
use crate::convert::unavailable;

/// How long a writer waits for its turn within this process, and as long again for writers of
/// other processes and of the application's own pool.
const PATIENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(10);

/// What it commits survives a loss of power.
const DURABLE: &str = "pragma synchronous = full; begin immediate";

/// What it commits survives the end of the process.
const QUICK: &str = "pragma synchronous = normal; begin immediate";

/// How much of the file stays in memory, in KiB with a minus: with room for what a large transaction
/// changes, as what does not fit is written twice. Not more, as SQLite looks through all of it after a commit
/// in which pages were split.
const MEMORY: &str = "-24576";

/// Pages in the journal at which a writer copies them itself while all others wait, and the next one
/// begins the journal anew: 256 MiB, which an operation on many jobs writes in some seconds. Most of them
/// have been copied by then.
const LARGE_JOURNAL: &str = "65536";

/// What of the journal stays on the disk when it begins anew, in bytes: all that it held before, for
/// every page by which a file grows again costs more than one that it has.
const KEPT_JOURNAL: &str = "268435456";

/// The lower byte of all codes that say so.
const SQLITE_BUSY: i32 = 5;

/// SQLite has one writer at a time. Within this process they take turns here, first come first
/// served, which is quicker and fairer than SQLite's own way of trying again and again.
#[derive(Debug)]
pub(crate) struct Writer {
    turn: Semaphore,
    /// One for all: SQLite forgets the pages in memory when another connection writes.
    connection: SqlitePool,
    checkpoints: Checkpoints,
}

/// A transaction that may write from its start on, and the turn of its writer.
pub(crate) struct Write<'a> {
    pub(crate) transaction: Transaction<'static, Sqlite>,
    checkpoints: &'a Checkpoints,
    _turn: SemaphorePermit<'a>,
}

impl Writer {
    /// Opens the database, in write-ahead mode from now on.
    pub(crate) async fn open(options: &SqliteConnectOptions) -> Result<Self, StorageError> {
        let writer = Self {
            turn: Semaphore::new(1),
            connection: connection(options),
            checkpoints: Checkpoints::start(options),
        };
        open(&writer.connection).await.map_err(unavailable)?;
        Ok(writer)
    }

    /// For what a caller was promised: jobs that are enqueued, and what people command.
    pub(crate) async fn durable(&self) -> Result<Write<'_>, StorageError> {
        self.begin(DURABLE).await
    }

    /// For what the engine repeats when a loss of power undoes it: claims and results.
    pub(crate) async fn quick(&self) -> Result<Write<'_>, StorageError> {
        self.begin(QUICK).await
    }

    async fn begin(&self, statement: &'static str) -> Result<Write<'_>, StorageError> {
        let turn = timeout(PATIENCE, self.turn.acquire())
            .await
            .map_err(StorageError::unavailable)?
            .expect("nobody closes it");
        let transaction = self
            .connection
            .begin_with(statement)
            .await
            .map_err(unavailable)?;
        Ok(Write {
            transaction,
            checkpoints: &self.checkpoints,
            _turn: turn,
        })
    }
}

impl Write<'_> {
    pub(crate) async fn commit(self) -> Result<(), StorageError> {
        #[cfg(feature = "testing")]
        crate::testing::comes_to(crate::testing::Moment::BeforeCommit);
        self.transaction.commit().await.map_err(unavailable)?;
        #[cfg(feature = "testing")]
        crate::testing::comes_to(crate::testing::Moment::AfterCommit);
        self.checkpoints.written();
        Ok(())
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

fn connection(options: &SqliteConnectOptions) -> SqlitePool {
    let options = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(PATIENCE)
        .pragma("temp_store", "memory")
        .pragma("cache_size", MEMORY)
        .pragma("wal_autocheckpoint", LARGE_JOURNAL)
        .pragma("journal_size_limit", KEPT_JOURNAL);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[tokio::test]
    async fn the_disk_is_waited_for_where_that_was_promised_and_nowhere_else() {
        let scratch = Scratch::create();
        let writer = scratch.writer().await;

        let durable = level(writer.durable().await).await;
        let quick = level(writer.quick().await).await;
        let durable_again = level(writer.durable().await).await;

        assert_eq!((durable, quick, durable_again), (2, 1, 2));
    }

    /// 1 is `normal` and 2 is `full`.
    async fn level(write: Result<Write<'_>, StorageError>) -> i64 {
        let mut write = write.expect("it is our turn");
        let level = sqlx::query_scalar("pragma synchronous")
            .fetch_one(&mut *write.transaction)
            .await;
        write.commit().await.expect("there is nothing to commit");
        level.expect("SQLite says it")
    }
}
