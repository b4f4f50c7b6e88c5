use std::process::Stdio;
use std::time::{Duration, Instant};

use job_engine::storage::{Heartbeat, Monitor, ServerId};
use job_engine::{JobId, Storage};
use job_engine_postgres::PostgresStorage;
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::database::{Database, announce, claim, job};

const PATIENCE: Duration = Duration::from_secs(30);
const CHILD_URL: &str = "JOB_ENGINE_TEST_CHILD_URL";

#[tokio::test]
async fn the_job_of_a_killed_process_runs_again_within_a_second() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let me = announce(&storage).await;
    storage.enqueue(&[job()]).await.unwrap();
    let (mut child, held) = child_that_holds_a_job(&database).await;

    child.start_kill().unwrap();
    let killed = Instant::now();
    timeout(PATIENCE, storage.peer_died(me)).await.unwrap();
    let rescued = storage.rescue(PATIENCE).await.unwrap();
    let claimed = claim(&storage, me).await;

    let took = killed.elapsed();
    println!("killed to claimed again: {} ms", took.as_millis());
    assert_eq!(rescued.jobs, [held]);
    assert_eq!(claimed[0].lease.job, held);
    assert_eq!(claimed[0].abandoned, 1);
    assert!(took < Duration::from_secs(1), "{took:?}");
    child.wait().await.unwrap();
}

#[tokio::test]
async fn a_living_process_is_left_alone() {
    let database = Database::create().await;
    let storage = database.storage().await;
    announce(&storage).await;
    storage.enqueue(&[job()]).await.unwrap();
    let (mut child, _) = child_that_holds_a_job(&database).await;

    let rescued = storage.rescue(PATIENCE).await.unwrap();

    assert_eq!(rescued, job_engine::storage::Rescued::default());
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_server_whose_connection_was_ended_takes_its_lock_again() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let server = announce(&storage).await;
    let pool = database.pool().await;
    let before = lock_holder(&pool).await;

    sqlx::query("select pg_terminate_backend($1)")
        .bind(before)
        .execute(&pool)
        .await
        .unwrap();
    timeout(PATIENCE, another_lock_holder(&pool, before))
        .await
        .unwrap();

    assert!(storage.rescue(PATIENCE).await.unwrap().servers.is_empty());
    let heartbeat = storage.heartbeat(server, &[]).await.unwrap();
    assert_eq!(
        heartbeat,
        Heartbeat::Alive {
            lost: Vec::new(),
            order: None
        }
    );
}

#[tokio::test]
async fn a_lock_that_a_restart_of_the_database_released_says_nothing() {
    let database = Database::create().await;
    let storage = database.storage().await;
    announce(&storage).await;
    storage.enqueue(&[job()]).await.unwrap();
    let (mut child, _) = child_that_holds_a_job(&database).await;

    let pool = database.pool().await;
    sqlx::query("update job_engine.pulses set taken_under = now() - interval '1 day'")
        .execute(&pool)
        .await
        .unwrap();
    child.kill().await.unwrap();
    timeout(PATIENCE, locks_are(&pool, 1)).await.unwrap();

    assert!(storage.rescue(PATIENCE).await.unwrap().servers.is_empty());
    assert_eq!(storage.rescue(Duration::ZERO).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_is_found_though_the_clock_was_set_back() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let server = announce(&storage).await;
    let pool = database.pool().await;
    sqlx::query("update job_engine.servers set heartbeat_at = heartbeat_at + interval '1 hour'")
        .execute(&pool)
        .await
        .unwrap();

    let rescued = storage.rescue(PATIENCE).await.unwrap();

    assert_eq!(rescued.servers, [server]);
}

#[tokio::test]
async fn a_retired_server_holds_no_lock() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let server: ServerId = announce(&storage).await;
    let pool = database.pool().await;
    timeout(PATIENCE, locks_are(&pool, 1)).await.unwrap();

    storage.retire(server).await.unwrap();

    timeout(PATIENCE, locks_are(&pool, 0)).await.unwrap();
    assert!(storage.servers().await.unwrap().is_empty());
}

/// The other process of the tests above: it claims, says so, and never ends.
#[tokio::test]
#[ignore = "other tests start it as a process of its own"]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent says where the database is"
)]
async fn child() {
    let url = std::env::var(CHILD_URL).expect("it is started by another test");
    let storage = PostgresStorage::connect(&url).await.unwrap();
    let server = announce(&storage).await;
    let claimed = claim(&storage, server).await;
    println!("holds {}", claimed[0].lease.job);
    std::future::pending::<()>().await;
}

async fn child_that_holds_a_job(database: &Database) -> (Child, JobId) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["pulse::child", "--exact", "--ignored", "--nocapture"])
        .env(CHILD_URL, database.url())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
        let line = line.expect("the child claims before it ends");
        if let Some((_, id)) = line.split_once("holds ") {
            return (child, JobId(id.parse().unwrap()));
        }
    }
}

const LOCK_HOLDERS: &str = "
select pid from pg_locks
where locktype = 'advisory' and granted
  and database = (select oid from pg_database where datname = current_database())";

async fn lock_holder(pool: &PgPool) -> i32 {
    sqlx::query_scalar(LOCK_HOLDERS)
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn another_lock_holder(pool: &PgPool, before: i32) {
    loop {
        let holders: Vec<i32> = sqlx::query_scalar(LOCK_HOLDERS)
            .fetch_all(pool)
            .await
            .unwrap();
        if !holders.is_empty() && !holders.contains(&before) {
            return;
        }
    }
}

async fn locks_are(pool: &PgPool, expected: usize) {
    loop {
        let holders: Vec<i32> = sqlx::query_scalar(LOCK_HOLDERS)
            .fetch_all(pool)
            .await
            .unwrap();
        if holders.len() == expected {
            return;
        }
    }
}
