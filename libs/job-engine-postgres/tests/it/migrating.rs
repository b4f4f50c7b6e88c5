use job_engine::storage::{Monitor, StorageError};
use job_engine::{ContinueOn, Storage};
use job_engine_postgres::PostgresStorage;

use crate::database::{Database, announce, claim, job};

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let database = Database::create().await;
    let storage = database.storage().await;

    storage.migrate().await.unwrap();

    assert_eq!(storage.counts().await.unwrap().enqueued, 0);
}

#[tokio::test]
async fn many_processes_may_migrate_at_once() {
    let database = Database::empty().await;
    let mut storages = Vec::new();
    for _ in 0..4 {
        storages.push(database.storage().await);
    }

    let migrations = storages
        .iter()
        .cloned()
        .map(|storage| tokio::spawn(async move { storage.migrate().await }));
    for migration in migrations.collect::<Vec<_>>() {
        migration.await.unwrap().unwrap();
    }

    assert_eq!(storages[0].counts().await.unwrap().enqueued, 0);
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_refused() {
    let database = Database::create().await;
    let pool = database.pool().await;
    sqlx::query("insert into job_engine.migrations (version) values (1000)")
        .execute(&pool)
        .await
        .unwrap();

    let refused = PostgresStorage::new(pool).await.unwrap().migrate().await;

    let Err(StorageError::Corrupt(message)) = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("version 1000"), "{message}");
}

#[tokio::test]
async fn the_schema_of_an_older_program_is_brought_up_to_date() {
    let database = Database::empty().await;
    let pool = database.pool().await;
    sqlx::raw_sql(concat!(
        "create schema job_engine;
         create table job_engine.migrations (
           version integer primary key, applied_at timestamptz not null default now()
         );
         insert into job_engine.migrations (version) values (1), (2);",
        include_str!("../../migrations/0001_jobs.sql"),
        include_str!("../../migrations/0002_enqueue.sql"),
    ))
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("select job_engine.enqueue('send', '{}')")
        .execute(&pool)
        .await
        .unwrap();

    let storage = database.storage().await;
    storage.migrate().await.unwrap();

    let server = announce(&storage).await;
    let claimed = claim(&storage, server).await;
    assert_eq!(claimed.len(), 1);
    let next = job().continuing([claimed[0].lease.job], ContinueOn::Success);
    storage.enqueue(&[next.unwrap()]).await.unwrap();
    assert_eq!(storage.counts().await.unwrap().awaiting, 1);
}
