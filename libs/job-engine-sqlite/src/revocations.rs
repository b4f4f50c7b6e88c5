//! How those who hold jobs learn that some were taken away, by this process or another one.

use std::time::Duration;

use sqlx::SqlitePool;
use tokio::time::sleep;

const TIMES: &str = "select times from job_engine_revocations";

/// SQLite wakes nobody, so one looks; a look reads one page that is in memory.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// How often jobs were taken away, once that is not `seen`.
pub(crate) async fn other_than(pool: &SqlitePool, seen: u64) -> u64 {
    loop {
        match sqlx::query_scalar::<_, i64>(TIMES).fetch_one(pool).await {
            Ok(times) if times.cast_unsigned() != seen => return times.cast_unsigned(),
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "cannot see whether jobs were taken away"),
        }
        sleep(WATCH_INTERVAL).await;
    }
}
