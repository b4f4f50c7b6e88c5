//! Fills an empty database, quicker than any client could.

use std::time::{Duration, Instant};

use job_engine::Retention;
use job_engine::storage::SharedStorage;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{Outcome, is_postgres, number};

/// The jobs of the largest part of it are days old, and stay.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// `JOBS` of them. Answers that it was done.
pub async fn fill(database: &str, storage: &SharedStorage) -> Outcome<bool> {
    let jobs = number("JOBS", 1_000_000);
    let start = Instant::now();
    if is_postgres(database) {
        let mut connection = PgConnection::connect(database).await?;
        let filled = include_str!("fill_postgres.sql").replace("$1", &jobs.to_string());
        connection.execute(AssertSqlSafe(filled)).await?;
        for statement in ["vacuum analyze", "checkpoint"] {
            connection.execute(statement).await?;
        }
    } else {
        let options = SqliteConnectOptions::new().filename(database);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let filled = include_str!("fill_sqlite.sql").replace("$1", &jobs.to_string());
        connection.execute(AssertSqlSafe(filled)).await?;
    }
    // Adds up what was counted, as the servers do every second.
    storage.remove_expired(Retention::of(KEPT), 1).await?;
    println!("{jobs} jobs in {:.1} s", start.elapsed().as_secs_f64());
    Ok(true)
}
