//! The dashboard's questions with a million jobs on PostgreSQL:
//! `scripts/with-postgres cargo run --release -p job-engine-postgres --example postgres_dashboard`.

#[path = "questions.rs"]
mod questions;

use std::sync::Arc;

use job_engine_postgres::PostgresStorage;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

/// As if they had been run over a day: every tenth failed, one in a hundred was deleted, twenty kinds,
/// one of them rare.
const FILL: &str = "
insert into job_engine.finished
  (id, created_at, enqueued_at, claimed_at, changed_at, epoch, duration, attempts, abandoned, stages,
   state, priority, server, kind, queue, error, arguments)
select gen_random_uuid(), at, at, at, at, 1, 1000, 1, 0, 0,
  (case when i % 10 = 0 then 'Failed' when i % 100 = 7 then 'Deleted' else 'Succeeded' end)
    ::job_engine.state,
  0, gen_random_uuid(),
  case when i % 250000 = 7 then 'rare' else 'kind_' || i % 20 end,
  case when i % 100000 = 9 then 'slow' else 'queue_' || i % 5 end,
  case when i % 10 = 0 then json_build_object('details', 'x', 'group', lpad(to_hex(i % 70), 16, '0'),
    'kind', 'io', 'message', 'connection to host ' || i % 70 || ' timed out')::text end,
  json_build_object('user', json_build_object('id', i, 'name', 'user ' || i), 'template', 'welcome')
from (
  select i, now() - interval '2 hours' - (1000000 - i) / 500 * interval '43 seconds' as at
  from generate_series(1, 1000000) as i
) as jobs;
insert into job_engine.tally (state, jobs, at)
select state, count(*), null from job_engine.finished group by state;
vacuum analyze job_engine.finished;
";

#[tokio::main]
#[expect(
    clippy::disallowed_methods,
    reason = "where PostgreSQL is, is the caller's setting"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster: PgConnectOptions = std::env::var("DIQUIS_TEST_POSTGRES_URL")?.parse()?;
    let database = format!("dashboard_benchmark_{}", std::process::id());
    let mut admin = cluster.connect().await?;
    admin
        .execute(AssertSqlSafe(format!("create database {database}")))
        .await?;

    let options = cluster.clone().database(&database);
    let pool = PgPoolOptions::new()
        .max_connections(5)
        .connect_with(options)
        .await?;
    let storage = Arc::new(PostgresStorage::new(pool.clone()).await?);
    storage.migrate().await?;
    let mut connection = pool.acquire().await?;
    for statement in FILL.split_inclusive(";\n") {
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    drop(connection);

    questions::ask(storage).await?;

    pool.close().await;
    let dropped = format!("drop database {database} with (force)");
    admin.execute(AssertSqlSafe(dropped)).await?;
    admin.close().await?;
    Ok(())
}
