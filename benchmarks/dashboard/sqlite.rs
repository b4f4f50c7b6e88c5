//! The dashboard's questions with a million jobs on SQLite:
//! `cargo run --release -p job-engine-sqlite --example sqlite_dashboard`.

#[path = "questions.rs"]
mod questions;

use std::sync::Arc;

use job_engine_sqlite::SqliteStorage;
use sqlx::Executor;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

/// As if they had been run over a day: every tenth failed, one in a hundred was deleted, twenty kinds,
/// one of them rare.
const FILL: &str = "
with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < 1000000),
jobs as (
  select i, (unixepoch() - 7200 - (1000000 - i) / 500 * 43) * 1000000 as at from numbers
)
insert into job_engine_jobs
  (id, state, epoch, attempts, priority, kind, queue, created_at, changed_at, enqueued_at, claimed_at,
   ended_at, duration, error, arguments)
select unhex(printf('%012x', at / 1000) || '7' || substr(hex(randomblob(10)), 1, 19)),
  case when i % 10 = 0 then 'Failed' when i % 100 = 7 then 'Deleted' else 'Succeeded' end, 1, 1, 0,
  iif(i % 250000 = 7, 'rare', 'kind_' || i % 20), iif(i % 100000 = 9, 'slow', 'queue_' || i % 5),
  at, at, at, at, at, 1000,
  iif(i % 10 = 0, json_object('details', 'x', 'group', printf('%016x', i % 70), 'kind', 'io',
    'message', 'connection to host ' || i % 70 || ' timed out'), null),
  json_object('user', json_object('id', i, 'name', 'user ' || i), 'template', 'welcome')
from jobs";

const COUNT: &str = "
update job_engine_totals
set jobs = (select count(*) from job_engine_jobs where job_engine_jobs.state = job_engine_totals.state)";

const GROUP: &str = "
insert into job_engine_error_groups (kind, error_group, jobs, failures, first_at, last_at, error)
select kind, error ->> '$.group', count(*), count(*), min(ended_at), max(ended_at), max(error)
from job_engine_jobs
where state = 'Failed'
group by 1, 2";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("dashboard_benchmark_{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let options = SqliteConnectOptions::new()
        .filename(folder.join("jobs.db"))
        .create_if_missing(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options)
        .await?;
    let storage = Arc::new(SqliteStorage::new(pool.clone(), folder.join("locks")).await?);
    storage.migrate().await?;
    for statement in [FILL, COUNT, GROUP] {
        pool.execute(statement).await?;
    }

    questions::ask(storage).await?;

    pool.close().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
