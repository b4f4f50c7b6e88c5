use job_engine::storage::{Monitor, StorageError};

use crate::database::Database;

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let database = Database::create().await;
    let storage = database.storage().await;

    storage.migrate().await.unwrap();

    assert_eq!(storage.counts().await.unwrap().enqueued, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_processes_may_open_and_migrate_at_once() {
    let database = std::sync::Arc::new(Database::empty());

    let start = || {
        let database = database.clone();
        tokio::spawn(async move { database.storage().await.migrate().await })
    };
    let migrations: Vec<_> = std::iter::repeat_with(start).take(4).collect();
    for migration in migrations {
        migration.await.unwrap().unwrap();
    }

    let counts = database.storage().await.counts().await.unwrap();
    assert_eq!(counts.enqueued, 0);
}

#[tokio::test]
async fn tables_of_a_newer_program_are_refused() {
    let database = Database::create().await;
    sqlx::query("insert into job_engine_migrations (version) values (1000)")
        .execute(&database.pool().await)
        .await
        .unwrap();

    let refused = database.storage().await.migrate().await;

    let Err(StorageError::Corrupt(message)) = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("version 1000"), "{message}");
}
