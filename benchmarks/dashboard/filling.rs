//! Fills an empty database, quicker than any client could.

use std::time::{Duration, Instant};

use job_engine::Retention;
use job_engine::storage::SharedStorage;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{Outcome, is_postgres, marks, number};

/// The jobs of the largest part of it are days old, and stay.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// Jobs whose arguments are read at once.
const MARKED: usize = 50_000;

/// `JOBS` of them. Answers that it was done.
pub async fn fill(database: &str, storage: &SharedStorage) -> Outcome<bool> {
    let jobs = number("JOBS", 1_000_000);
    let start = Instant::now();
    if is_postgres(database) {
        let mut connection = PgConnection::connect(database).await?;
        execute(&mut connection, include_str!("draw_postgres.sql"), jobs).await?;
        mark(&mut connection, jobs).await?;
        execute(&mut connection, include_str!("fill_postgres.sql"), jobs).await?;
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

async fn execute(connection: &mut PgConnection, statements: &str, jobs: u64) -> Outcome<()> {
    let statements = statements.replace("$1", &jobs.to_string());
    connection.execute(AssertSqlSafe(statements)).await?;
    Ok(())
}

/// What searches find the arguments by.
async fn mark(connection: &mut PgConnection, jobs: u64) -> Outcome<()> {
    for first in (1..=i64::try_from(jobs)?).step_by(MARKED) {
        let drawn: Vec<(i64, String)> =
            sqlx::query_as("select i::bigint, arguments from drawn where i >= $1 and i < $1 + $2")
                .bind(first)
                .bind(i64::try_from(MARKED)?)
                .fetch_all(&mut *connection)
                .await?;
        let numbers: Vec<i64> = drawn.iter().map(|(number, _)| *number).collect();
        let marks_of = |(_, json): &(i64, String)| marks::marks(json).ok_or("no JSON was drawn");
        let marks = drawn.iter().map(marks_of).collect::<Result<Vec<_>, _>>()?;
        let halves = marks.iter().map(|marks| (marks.low, marks.high));
        let (low, high): (Vec<i64>, Vec<i64>) = halves.unzip();
        sqlx::query(
            "insert into marked select * from unnest($1::bigint[], $2::bigint[], $3::bigint[])",
        )
        .bind(numbers)
        .bind(low)
        .bind(high)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
