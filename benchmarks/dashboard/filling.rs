//! Fills an empty database, quicker than any client could.

use std::time::{Duration, Instant};

use job_engine::Retention;
use job_engine::storage::{Marks, SharedStorage};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{Outcome, is_postgres, number};

/// The jobs of the largest part of it are days old, and stay.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// Jobs whose arguments are read at once.
const MARKED: usize = 50_000;

/// `JOBS` of them. Answers that it was done.
pub async fn fill(database: &str, storage: &SharedStorage) -> Outcome<bool> {
    let jobs = number("JOBS", 1_000_000);
    let start = Instant::now();
    if is_postgres(database) {
        fill_postgres(database, jobs).await?;
    } else {
        fill_sqlite(database, jobs).await?;
    }
    // Adds up what was counted, as the servers do every second.
    storage.remove_expired(Retention::of(KEPT), 1).await?;
    println!("{jobs} jobs in {:.1} s", start.elapsed().as_secs_f64());
    Ok(true)
}

async fn fill_postgres(database: &str, jobs: u64) -> Outcome<()> {
    let mut connection = PgConnection::connect(database).await?;
    let draw = numbered(include_str!("draw_postgres.sql"), jobs);
    connection.execute(draw).await?;
    for first in (1..=i64::try_from(jobs)?).step_by(MARKED) {
        let drawn =
            sqlx::query_as("select i::bigint, arguments from drawn where i >= $1 and i < $1 + $2")
                .bind(first)
                .bind(i64::try_from(MARKED)?)
                .fetch_all(&mut connection)
                .await?;
        sqlx::query("insert into marked select (m ->> 0)::bigint, (m ->> 1)::bigint, (m ->> 2)::bigint from json_array_elements($1::json) as m")
            .bind(marked(&drawn)?)
            .execute(&mut connection)
            .await?;
    }
    let fill = numbered(include_str!("fill_postgres.sql"), jobs);
    connection.execute(fill).await?;
    for statement in ["vacuum analyze", "checkpoint"] {
        connection.execute(statement).await?;
    }
    Ok(())
}

async fn fill_sqlite(database: &str, jobs: u64) -> Outcome<()> {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let draw = numbered(include_str!("draw_sqlite.sql"), jobs);
    connection.execute(draw).await?;
    for first in (1..=i64::try_from(jobs)?).step_by(MARKED) {
        let drawn =
            sqlx::query_as("select i, arguments from drawn where rowid >= $1 and rowid < $1 + $2")
                .bind(first)
                .bind(i64::try_from(MARKED)?)
                .fetch_all(&mut connection)
                .await?;
        sqlx::query(
            "insert into marked select value ->> 0, value ->> 1, value ->> 2 from json_each($1)",
        )
        .bind(marked(&drawn)?)
        .execute(&mut connection)
        .await?;
    }
    let fill = numbered(include_str!("fill_sqlite.sql"), jobs);
    connection.execute(fill).await?;
    Ok(())
}

fn numbered(statements: &str, jobs: u64) -> AssertSqlSafe<String> {
    AssertSqlSafe(statements.replace("$1", &jobs.to_string()))
}

/// What searches find the arguments by, as a JSON array of `[number, low, high]`.
fn marked(drawn: &[(i64, String)]) -> Outcome<String> {
    let marks_of = |(number, arguments): &(i64, String)| {
        let marks = Marks::of(arguments).ok_or("no JSON was drawn")?;
        Ok((*number, marks.low, marks.high))
    };
    let marks = drawn.iter().map(marks_of).collect::<Outcome<Vec<_>>>()?;
    Ok(serde_json::to_string(&marks)?)
}
