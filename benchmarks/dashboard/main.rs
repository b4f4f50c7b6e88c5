//! The dashboard with a million jobs: see `README.md` beside this file.

mod acting;
mod filling;
mod questions;
mod visitor;

use std::process::ExitCode;
use std::sync::Arc;

use job_engine::storage::SharedStorage;
use job_engine_postgres::PostgresStorage;
use job_engine_sqlite::SqliteStorage;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<ExitCode> {
    let database = setting("DATABASE_URL").ok_or("DATABASE_URL names the database or the file")?;
    let work = std::env::args().nth(1);
    let storage = open(&database).await?;
    let all_bars_are_met = match work.as_deref() {
        Some("fill") => filling::fill(&database, &storage).await?,
        Some("ask") => questions::ask(storage, std::env::args().nth(2).as_deref()).await?,
        Some("act") => acting::act(storage).await?,
        _ => return Err("usage: dashboard_bench fill | ask [SEARCH] | act".into()),
    };
    Ok(if all_bars_are_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn open(database: &str) -> Outcome<SharedStorage> {
    if is_postgres(database) {
        let storage = PostgresStorage::connect(database).await?;
        storage.migrate().await?;
        return Ok(Arc::new(storage));
    }
    let storage = SqliteStorage::open(database).await?;
    storage.migrate().await?;
    Ok(Arc::new(storage))
}

fn is_postgres(database: &str) -> bool {
    database.starts_with("postgres:") || database.starts_with("postgresql:")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark gets its settings from the environment"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A setting that is a number.
fn number(name: &str, default: u64) -> u64 {
    let given = setting(name).and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}
