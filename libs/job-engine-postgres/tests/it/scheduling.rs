use std::time::Duration;

use job_engine::Storage;
use sqlx::Executor;
use tokio::time::timeout;

use crate::database::{Database, job};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_job_for_an_earlier_time_is_found_although_looking_from_the_start_is_slow() {
    let database = Database::create().await;
    let (storage, pool) = (database.storage().await, database.pool().await);
    pool.execute(
        "create function be_slow() returns trigger language plpgsql as $$
         begin perform pg_sleep(0.15); return null; end $$;
         create trigger be_slow before delete on job_engine.waiting execute function be_slow()",
    )
    .await
    .unwrap();
    let wait = |time| {
        let (pool, waiting) = (pool.clone(), job().after(PATIENCE));
        let storage = storage.clone();
        async move {
            storage.enqueue(&[waiting]).await.unwrap();
            let due = "update job_engine.waiting set due_at = clock_timestamp() - $1::interval";
            sqlx::query(due)
                .bind::<&str>(time)
                .execute(&pool)
                .await
                .unwrap();
        }
    };
    for _ in 0..3 {
        wait("0 seconds").await;
        assert_eq!(storage.enqueue_due(10).await.unwrap().enqueued, 1);
    }

    wait("1 hour").await;
    let found = async {
        let mut looks = 1;
        while storage.enqueue_due(10).await.unwrap().enqueued == 0 {
            looks += 1;
        }
        looks
    };
    let looks = timeout(PATIENCE, found).await.unwrap();

    assert!(looks > 1, "the first looks begin where the last job waited");
}
