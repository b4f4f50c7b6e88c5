use std::time::Duration;

use job_engine::Storage;
use job_engine::storage::Monitor;
use sqlx::PgPool;
use tokio::time::timeout;

use crate::database::{Database, job};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_job_that_becomes_due_while_it_is_counted_is_counted_once() {
    let database = Database::create().await;
    let (storage, pool) = (database.storage().await, database.pool().await);
    let waiting = job().after(PATIENCE);
    storage
        .enqueue(std::slice::from_ref(&waiting))
        .await
        .unwrap();
    let mut moving = pool.begin().await.unwrap();
    sqlx::query("lock table job_engine.waiting in access exclusive mode")
        .execute(&mut *moving)
        .await
        .unwrap();

    let counting = tokio::spawn(async move { storage.counts().await });
    timeout(PATIENCE, somebody_waits(&pool)).await.unwrap();
    sqlx::query("delete from job_engine.waiting")
        .execute(&mut *moving)
        .await
        .unwrap();
    job_engine_postgres::enqueue(&mut moving, &[job()])
        .await
        .unwrap();
    moving.commit().await.unwrap();

    let counts = counting.await.unwrap().unwrap();
    assert_eq!((counts.scheduled, counts.enqueued), (0, 1));
}

async fn somebody_waits(pool: &PgPool) {
    const WAITS: &str = "
        select exists (
          select from pg_locks where not granted
            and database = (select oid from pg_database where datname = current_database())
        )";
    while !sqlx::query_scalar::<_, bool>(WAITS)
        .fetch_one(pool)
        .await
        .unwrap()
    {}
}
