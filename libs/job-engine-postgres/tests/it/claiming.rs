use std::time::Duration;

use job_engine::Storage;
use sqlx::PgPool;
use tokio::time::timeout;

use crate::database::{Database, announce, claim, job};

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

/// A session reports what it did at its end.
async fn statistics(database: &Database) -> Statistics {
    let pool = database.pool().await;
    timeout(Duration::from_secs(30), engine_is_gone(&pool))
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
