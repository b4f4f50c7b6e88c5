use std::time::Duration;

use job_engine::Storage;
use job_engine::storage::Monitor;
use job_engine_sqlite::enqueue;
use metrics_exporter_prometheus::PrometheusBuilder;
use sqlx::Executor;

use crate::database::{Database, job};

#[tokio::test]
async fn a_job_of_a_committed_transaction_is_there() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let pool = database.pool().await;
    let jobs = [job(), job().after(Duration::from_mins(1))];

    let mut transaction = pool.begin_with("begin immediate").await.unwrap();
    enqueue(&mut transaction, &jobs).await.unwrap();
    let before = storage.counts().await.unwrap();
    transaction.commit().await.unwrap();
    let after = storage.counts().await.unwrap();

    assert_eq!((before.enqueued, before.scheduled), (0, 0));
    assert_eq!((after.enqueued, after.scheduled), (1, 1));
}

#[tokio::test]
async fn a_job_of_a_transaction_that_was_rolled_back_was_never_there() {
    let database = Database::create().await;
    let storage = database.storage().await;

    let mut transaction = database.pool().await.begin().await.unwrap();
    enqueue(&mut transaction, &[job()]).await.unwrap();
    transaction.rollback().await.unwrap();

    assert_eq!(storage.counts().await.unwrap().enqueued, 0);
}

#[tokio::test]
async fn a_job_in_a_transaction_of_the_caller_is_counted_at_once() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let database = Database::create().await;

    let mut transaction = database.pool().await.begin().await.unwrap();
    enqueue(&mut transaction, &[job(), job()]).await.unwrap();

    let page = recorder.handle().render();
    let line = "job_engine_enqueued_total{kind=\"send\"} 2";
    assert!(page.lines().any(|shown| shown == line), "{page}");
}

#[tokio::test]
async fn a_known_job_is_refused_and_the_transaction_goes_on() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let known = job();
    storage.enqueue(std::slice::from_ref(&known)).await.unwrap();

    let pool = database.pool().await;
    let mut transaction = pool.begin_with("begin immediate").await.unwrap();
    let refused = enqueue(&mut transaction, &[job(), known]).await;
    enqueue(&mut transaction, &[job()]).await.unwrap();
    transaction.commit().await.unwrap();

    assert!(refused.is_err());
    assert_eq!(storage.counts().await.unwrap().enqueued, 2);
}

#[tokio::test]
async fn a_transaction_that_sqlite_itself_has_ended_stands_in_nobodys_way() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let pool = database.pool().await;
    // As a full disk does.
    pool.execute(
        "create trigger full before insert on job_engine_jobs
         begin select raise(rollback, 'the disk is full'); end",
    )
    .await
    .unwrap();

    let refused = storage.enqueue(&[job()]).await;
    pool.execute("drop trigger full").await.unwrap();
    storage.enqueue(&[job()]).await.unwrap();

    assert!(refused.is_err());
    assert_eq!(storage.counts().await.unwrap().enqueued, 1);
}
