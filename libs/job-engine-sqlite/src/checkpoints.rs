use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

/// Pages in the journal that are worth the two waits for the disk that it takes to copy them.
const ENOUGH: i64 = 1000;

/// How many pages the journal holds, and how many of them have been copied. An older SQLite does not
/// know the word and copies them.
const LENGTH: &str = "pragma wal_checkpoint(noop)";

const COPY: &str = "pragma wal_checkpoint(passive)";

/// For how long pages gather.
const INTERVAL: Duration = Duration::from_millis(20);

/// Copies what was written from the journal into the file, beside the writers: SQLite's own way is
/// that a writer does it within its commit, and all others wait.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    written: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

impl Checkpoints {
    pub(crate) fn start(options: &SqliteConnectOptions) -> Self {
        let written = Arc::new(Notify::new());
        let connection = SqlitePoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_before_acquire(false)
            .connect_lazy_with(options.clone());
        let task = tokio::spawn(serve(connection, Arc::clone(&written)));
        Self {
            written,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// A transaction was committed.
    pub(crate) fn written(&self) {
        self.written.notify_one();
    }
}

async fn serve(connection: SqlitePool, written: Arc<Notify>) {
    loop {
        written.notified().await;
        // A writer does it when the journal has grown large, and says what is wrong with the disk.
        if let Err(error) = copy(&connection).await {
            tracing::debug!(%error, "the journal was not copied");
        }
        sleep(INTERVAL).await;
    }
}

async fn copy(connection: &SqlitePool) -> sqlx::Result<()> {
    let (_, pages, copied): (i64, i64, i64) = sqlx::query_as(LENGTH).fetch_one(connection).await?;
    if pages - copied >= ENOUGH {
        sqlx::query(COPY).execute(connection).await?;
    }
    Ok(())
}
