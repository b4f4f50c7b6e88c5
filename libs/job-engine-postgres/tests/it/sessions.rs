//! What works where a storage may keep no session: no advisory lock, no LISTEN.

use std::sync::Arc;
use std::time::{Duration, Instant};

use job_engine::{
    Attempt, Client, Job, JobError, Registry, RunningServer, Server, ServerOptions, State, Storage,
};
use job_engine_postgres::PostgresStorage;
use serde::{Deserialize, Serialize};
use sqlx::{Executor, PgPool};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::database::{Database, job};

const PATIENCE: Duration = Duration::from_secs(30);

/// Runs until it is told to stop.
#[derive(Serialize, Deserialize)]
struct Vigil;

#[derive(Default)]
struct Told {
    runs: Notify,
    stops: Notify,
}

impl Job for Vigil {
    const NAME: &'static str = "vigil";
    type Context = Told;

    async fn run(&self, told: &Told, attempt: &Attempt) -> Result<(), JobError> {
        told.runs.notify_one();
        attempt.cancelled.cancelled().await;
        told.stops.notify_one();
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_another_process_is_found_and_told_to_stop_within_seconds() {
    let database = Database::create().await;
    let told = Arc::new(Told::default());
    let server = serve(&database, &told).await;
    let elsewhere = Client::new(storage(&database).await);

    let id = elsewhere.enqueue(&Vigil).await.unwrap();
    timeout(PATIENCE, told.runs.notified()).await.unwrap();
    assert_eq!(kept_sessions(&database.pool().await).await, 0);
    let before = Instant::now();
    elsewhere.delete(id, "Deleted by Ada").await.unwrap();

    timeout(PATIENCE, told.stops.notified()).await.unwrap();
    let took = before.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    server.stop().await;
    let job = elsewhere.storage().job(id).await.unwrap().unwrap();
    assert_eq!(job.summary.state, State::Deleted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_died_is_noticed_by_its_missing_heartbeats() {
    let database = Database::create().await;
    let told = Arc::new(Told::default());
    let dying = serve(&database, &told).await;
    let client = Client::new(storage(&database).await);
    let id = client.enqueue(&Vigil).await.unwrap();
    timeout(PATIENCE, told.runs.notified()).await.unwrap();

    drop(dying);
    let survivor = serve(&database, &told).await;

    timeout(PATIENCE, told.runs.notified()).await.unwrap();
    let job = client.storage().job(id).await.unwrap().unwrap();
    assert_eq!(job.summary.abandoned, 1);
    client.delete(id, "Deleted by Ada").await.unwrap();
    survivor.stop().await;
}

#[tokio::test]
async fn the_planner_is_steered_in_sessions_of_the_engine_alone() {
    let database = Database::create().await;
    let pool = database.pool().await;
    pool.execute(
        "create table seen (setting text);
         create function see() returns trigger language plpgsql as $$
         begin
           insert into seen values (current_setting('enable_seqscan'));
           return new;
         end $$;
         create trigger see before insert on job_engine.ready for each row execute function see()",
    )
    .await
    .unwrap();

    database.storage().await.enqueue(&[job()]).await.unwrap();
    let with_sessions = seen(&pool).await;
    storage(&database).await.enqueue(&[job()]).await.unwrap();
    let without = seen(&pool).await;

    assert_eq!(with_sessions, ["off"]);
    assert_eq!(without, ["on"]);
}

async fn seen(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("delete from seen returning setting")
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn storage(database: &Database) -> Arc<PostgresStorage> {
    let storage = PostgresStorage::new(database.pool().await).await;
    Arc::new(storage.unwrap().without_sessions())
}

async fn serve(database: &Database, told: &Arc<Told>) -> RunningServer {
    let options = ServerOptions {
        poll_interval: Duration::from_millis(100),
        heartbeat_interval: Duration::from_millis(200),
        server_timeout: Duration::from_secs(1),
        ..ServerOptions::default()
    };
    let registry = Registry::default().with::<Vigil>();
    let server = Server::new(storage(database).await, registry, told.clone());
    server.options(options).start().await.unwrap()
}

/// Connections that hold a lock for their session or listen.
async fn kept_sessions(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select (
           select count(*) from pg_locks where locktype = 'advisory' and granted
             and database = (select oid from pg_database where datname = current_database())
         ) + (
           select count(*) from pg_stat_activity
           where datname = current_database() and query ilike 'listen%'
         )",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}
