use std::sync::Arc;
use std::time::Duration;

use job_engine::Storage;
use job_engine::storage::Monitor;
use job_engine_postgres::PostgresStorage;
use tokio::time::timeout;

use crate::database::{Database, job};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_job_wakes_workers_of_another_process() {
    let database = Database::create().await;
    let (here, there) = (database.storage().await, database.storage().await);
    let seen = listens(&there).await;

    here.enqueue(&[job()]).await.unwrap();

    timeout(PATIENCE, there.job_enqueued(seen)).await.unwrap();
}

#[tokio::test]
async fn a_listener_comes_back_after_its_connection_was_ended() {
    let database = Database::create().await;
    let (here, there) = (database.storage().await, database.storage().await);
    let seen = listens(&there).await;

    let ended: Vec<bool> = sqlx::query_scalar(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query like 'LISTEN%'",
    )
    .fetch_all(&database.pool().await)
    .await
    .unwrap();
    // It wakes the workers once when it is back, for what it has missed.
    let back = timeout(PATIENCE, there.job_enqueued(seen)).await;
    here.enqueue(&[job()]).await.unwrap();

    timeout(PATIENCE, there.job_enqueued(back.unwrap()))
        .await
        .unwrap();
    assert_eq!(ended, [true]);
}

#[tokio::test]
async fn the_storage_works_on_after_all_its_connections_were_ended() {
    let database = Database::create().await;
    let storage = database.storage().await;
    storage.enqueue(&[job()]).await.unwrap();

    sqlx::query(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity
         where datname = current_database() and application_name = 'job-engine'",
    )
    .execute(&database.pool().await)
    .await
    .unwrap();

    // Connections that were in use a moment ago are trusted, so each may disappoint once.
    let mut refused = 0;
    while storage.enqueue(&[job()]).await.is_err() {
        refused += 1;
        assert!(refused <= 4, "it does not come back");
    }
    assert_eq!(storage.counts().await.unwrap().enqueued, 2);
}

/// A listener that has just come wakes its workers once.
async fn listens(storage: &Arc<PostgresStorage>) -> u64 {
    timeout(PATIENCE, storage.job_enqueued(0)).await.unwrap()
}
