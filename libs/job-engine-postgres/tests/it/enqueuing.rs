use job_engine::Storage;
use job_engine::storage::{JobId, Monitor};
use job_engine_postgres::enqueue;
use sqlx::Row;
use uuid::Uuid;

use crate::database::{Database, announce, claim, job};

#[tokio::test]
async fn a_job_of_a_committed_transaction_is_there() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let jobs = [job(), job().after(std::time::Duration::from_mins(1))];

    let mut transaction = database.pool().await.begin().await.unwrap();
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
async fn a_known_job_is_refused_and_the_transaction_goes_on() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let known = job();
    storage.enqueue(std::slice::from_ref(&known)).await.unwrap();

    let mut transaction = database.pool().await.begin().await.unwrap();
    let refused = enqueue(&mut transaction, &[job(), known]).await;
    enqueue(&mut transaction, &[job()]).await.unwrap();
    transaction.commit().await.unwrap();

    assert!(refused.is_err());
    assert_eq!(storage.counts().await.unwrap().enqueued, 2);
}

#[tokio::test]
async fn a_finished_job_is_known_too() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let known = job();
    storage.enqueue(std::slice::from_ref(&known)).await.unwrap();
    storage
        .command(known.id, job_engine::storage::Command::Delete, "over")
        .await
        .unwrap();

    assert!(storage.enqueue(&[known]).await.is_err());
}

#[cfg(feature = "tokio-postgres")]
mod tokio_postgres_transaction {
    use super::*;

    async fn connect(database: &Database) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(&database.url(), tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }

    #[tokio::test]
    async fn a_committed_one_leaves_its_jobs() {
        let database = Database::create().await;
        let storage = database.storage().await;
        let jobs: [job_engine::NewJob; 2] =
            [job(), job().at("2090-01-01T00:00:00Z".parse().unwrap())];

        let mut client = connect(&database).await;
        let transaction = client.transaction().await.unwrap();
        job_engine_postgres::tokio_postgres::enqueue(&transaction, &jobs)
            .await
            .unwrap();
        transaction.commit().await.unwrap();

        let counts = storage.counts().await.unwrap();
        assert_eq!((counts.enqueued, counts.scheduled), (1, 1));
    }

    #[tokio::test]
    async fn one_that_was_rolled_back_leaves_nothing() {
        let database = Database::create().await;
        let storage = database.storage().await;

        let mut client = connect(&database).await;
        let transaction = client.transaction().await.unwrap();
        job_engine_postgres::tokio_postgres::enqueue(&transaction, &[job()])
            .await
            .unwrap();
        transaction.rollback().await.unwrap();

        assert_eq!(storage.counts().await.unwrap().enqueued, 0);
    }
}

#[tokio::test]
async fn plain_sql_enqueues_a_job_that_runs() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let server = announce(&storage).await;

    let row = sqlx::query(r#"select job_engine.enqueue('send', '{"to": "ada"}')"#)
        .fetch_one(&database.pool().await)
        .await
        .unwrap();
    let claimed = claim(&storage, server).await;

    let id: Uuid = row.get(0);
    assert_eq!(claimed[0].lease.job, JobId(id));
    assert_eq!(claimed[0].arguments, r#"{"to": "ada"}"#);
    assert_eq!(id.get_version_num(), 7);
}

#[tokio::test]
async fn plain_sql_schedules_a_job_in_its_own_transaction() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let enqueue = "select job_engine.enqueue('send', '{}', 'mail', 3, now() + interval '1 hour')";

    let mut transaction = database.pool().await.begin().await.unwrap();
    sqlx::query(enqueue)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    let rolled_back = storage.counts().await.unwrap();
    sqlx::query(enqueue)
        .execute(&database.pool().await)
        .await
        .unwrap();

    assert_eq!(rolled_back.scheduled, 0);
    let page = storage
        .jobs(&job_engine::storage::JobQuery::default())
        .await
        .unwrap();
    assert_eq!(page.jobs[0].queue, "mail");
    assert_eq!(page.jobs[0].priority, 3);
    assert!(page.jobs[0].due_at.is_some());
}

#[tokio::test]
async fn plain_sql_gives_a_job_a_tenant_and_tags() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let server = announce(&storage).await;

    sqlx::query(
        "select job_engine.enqueue('send', '{}', tenant => 'acme', tags => '{vip,import}')",
    )
    .execute(&database.pool().await)
    .await
    .unwrap();
    let claimed = claim(&storage, server).await;

    assert_eq!(claimed[0].tenant.as_deref(), Some("acme"));
    assert_eq!(claimed[0].tags, ["vip", "import"]);
}

#[tokio::test]
async fn plain_sql_refuses_tenants_and_tags_that_are_none() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let pool = database.pool().await;

    for (given, complaint) in [
        ("tenant => ''", "a tenant is 1 to 100 bytes"),
        ("tags => array[repeat('x', 101)]", "a tag is 1 to 100 bytes"),
        ("tags => array[null]", "a tag is 1 to 100 bytes"),
        (
            "tags => array_fill('x'::text, '{21}')",
            "a job has 21 tags; give at most 20",
        ),
    ] {
        let refused = sqlx::query(sqlx::AssertSqlSafe(format!(
            "select job_engine.enqueue('send', '{{}}', {given})"
        )))
        .execute(&pool)
        .await;
        let error = refused.expect_err("it is refused").to_string();
        assert!(error.contains(complaint), "{given}: {error}");
    }
    assert_eq!(storage.counts().await.unwrap().enqueued, 0);
}
