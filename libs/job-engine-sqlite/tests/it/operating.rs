use job_engine::storage::{Command, JobQuery, Monitor, Operations};
use job_engine::{Actor, NewJob, Storage};
use sqlx::{Executor, SqlitePool};

use crate::database::Database;

#[tokio::test]
async fn a_piece_that_cannot_be_written_is_an_error_and_is_tried_again() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let jobs: Vec<_> = (0..3).map(|_| NewJob::of_kind("send", "{}")).collect();
    storage.enqueue(&jobs).await.expect("they are stored");
    let ada = Actor::new(storage.clone(), "ada");
    let all = JobQuery::default();
    let begun = ada.begin_operation(Command::Delete, all, "", "rain", None);
    begun.await.expect("it begins");
    let pool = database.pool().await;

    execute(
        &pool,
        "create trigger refuse before update on job_engine_operations
         begin select raise(abort, 'no'); end",
    )
    .await;
    let refused = storage.advance_operation(1000).await;
    execute(&pool, "drop trigger refuse").await;
    let advanced = storage.advance_operation(1000).await;

    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(advanced.expect("it goes on"), Some(3));
    let counts = storage.counts().await.expect("they are counted");
    assert_eq!((counts.enqueued, counts.deleted), (0, 3));
}

async fn execute(pool: &SqlitePool, statement: &'static str) {
    pool.execute(statement).await.expect("it is done");
}
