use job_engine::storage::{Monitor, StorageError};
use job_engine_postgres::PostgresStorage;

use crate::database::Database;

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
