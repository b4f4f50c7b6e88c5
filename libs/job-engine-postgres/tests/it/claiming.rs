use std::slice;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::{JobId, ServerId};
use job_engine::{Attempt, Client, Job, JobError, Registry, Server, Storage};
use job_engine_postgres::PostgresStorage;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use crate::database::{Database, announce, claim, job};

const PATIENCE: Duration = Duration::from_secs(30);

/// Tells when it has run.
#[derive(Serialize, Deserialize)]
struct Bell;

impl Job for Bell {
    const NAME: &'static str = "bell";
    type Context = Notify;

    async fn run(&self, rung: &Notify, _attempt: &Attempt) -> Result<(), JobError> {
        rung.notify_one();
        Ok(())
    }
}

struct Statistics {
    sequential_scans: i64,
    scans_of_the_line: i64,
    updates: i64,
    heap_only_updates: i64,
}

#[tokio::test]
async fn a_claim_finds_its_jobs_by_index_and_writes_to_none() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let server = announce(&storage).await;
    let jobs: Vec<_> = (0..5000).map(|_| job()).collect();
    storage.enqueue(&jobs).await.unwrap();

    for _ in 0..10 {
        assert_eq!(claim(&storage, server).await.len(), 100);
    }
    drop(storage);
    let statistics = statistics(&database).await;

    assert_eq!(statistics.sequential_scans, 0);
    assert!(statistics.scans_of_the_line >= 10);
    assert_eq!(statistics.updates, 1000);
    assert_eq!(statistics.heap_only_updates, 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lone_jobs_are_claimed_by_the_statement_that_stores_them() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let rung = Arc::new(Notify::new());
    let registry = Registry::default().with::<Bell>();
    let server = Server::new(storage.clone(), registry, rung.clone());
    let server = server.start().await.unwrap();
    let client = Client::new(storage.clone());

    // The server may be looking for jobs when the first ones come.
    for _ in 0..10 {
        client.enqueue(&Bell).await.unwrap();
        timeout(PATIENCE, rung.notified()).await.unwrap();
    }
    server.stop().await;
    drop((client, storage));
    let statistics = statistics(&database).await;

    assert!(statistics.updates < 10, "{} of 10", statistics.updates);
}

#[tokio::test]
async fn a_server_that_starts_goes_on_where_others_have_noted_until_a_look_from_the_start_is_due() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let (late, next) = (job(), job());
    storage
        .enqueue(&[late.clone(), next.clone()])
        .await
        .unwrap();
    note_line(&database, next.id, "1 second").await;

    let server = announce(&storage).await;
    assert_eq!(claimed(&storage, server).await, [next.id]);
    assert_eq!(claimed(&storage, server).await, []);

    note_line(&database, next.id, "20 hours").await;
    let server = announce(&storage).await;
    assert_eq!(claimed(&storage, server).await, [late.id]);
}

#[tokio::test]
async fn a_server_whose_looks_from_the_start_are_slow_notes_up_to_where_it_has_claimed() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let server = announce(&storage).await;
    let job = job();
    storage.enqueue(slice::from_ref(&job)).await.unwrap();

    let pool = database.pool().await;
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("select from job_engine.servers for update")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let free_again = async {
        waits_for_a_while(&database).await;
        transaction.commit().await.unwrap();
    };
    let (first, ()) = tokio::join!(claimed(&storage, server), free_again);
    assert_eq!(first, [job.id]);
    assert_eq!(claimed(&storage, server).await, []);

    let noted: (String, Vec<i16>, Vec<Uuid>, i32) =
        sqlx::query_as("select queue, priorities, claimed, slow from job_engine.lines")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(noted, ("default".to_owned(), vec![0], vec![job.id.0], 1));
}

/// As a server does whose looks from the start take an hour.
async fn note_line(database: &Database, claimed: JobId, looked_ago: &str) {
    sqlx::query(
        "insert into job_engine.lines (queue, priorities, claimed, looked_at, took, slow, noted_at)
         values ('default', '{0}', array[$1], now() - $2::interval, 3600000000, 3, now())
         on conflict (queue) do update set looked_at = excluded.looked_at",
    )
    .bind(claimed.0)
    .bind(looked_ago)
    .execute(&database.pool().await)
    .await
    .unwrap();
}

async fn claimed(storage: &PostgresStorage, server: ServerId) -> Vec<JobId> {
    let jobs = claim(storage, server).await;
    jobs.iter().map(|job| job.lease.job).collect()
}

/// Returns when a claim has waited for a lock for longer than looking from the start may take.
async fn waits_for_a_while(database: &Database) {
    let waits = "select exists (select from pg_stat_activity
         where datname = current_database() and application_name = 'job-engine'
           and wait_event_type = 'Lock' and clock_timestamp() - query_start > interval '60 ms')";
    let pool = database.pool().await;
    let waiting = async {
        while !sqlx::query_scalar::<_, bool>(waits)
            .fetch_one(&pool)
            .await
            .unwrap()
        {}
    };
    timeout(PATIENCE, waiting)
        .await
        .expect("the claim waits for the lock");
}

/// A session reports what it did at its end.
async fn statistics(database: &Database) -> Statistics {
    let pool = database.pool().await;
    timeout(PATIENCE, engine_is_gone(&pool))
        .await
        .expect("the engine's connections end");
    let (sequential_scans, updates, heap_only_updates) = sqlx::query_as(
        "select seq_scan, n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'ready'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let scans_of_the_line = sqlx::query_scalar(
        "select idx_scan from pg_stat_user_indexes where indexrelname = 'ready_in_line'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    Statistics {
        sequential_scans,
        scans_of_the_line,
        updates,
        heap_only_updates,
    }
}

async fn engine_is_gone(pool: &PgPool) {
    let gone = "select not exists (select from pg_stat_activity
         where datname = current_database() and application_name = 'job-engine')";
    while !sqlx::query_scalar::<_, bool>(gone)
        .fetch_one(pool)
        .await
        .unwrap()
    {}
}
