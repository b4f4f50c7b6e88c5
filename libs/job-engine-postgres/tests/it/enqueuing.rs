use job_engine::storage::{Command, JobId, Monitor, Outcome, Settlement};
use job_engine::{ContinueOn, NewJob, State, Storage, Unique};
use job_engine_postgres::enqueue;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
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
async fn a_job_in_a_transaction_of_the_caller_is_counted_at_once() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let database = Database::create().await;

    let mut transaction = database.pool().await.begin().await.unwrap();
    enqueue(&mut transaction, &[job(), job()]).await.unwrap();

    assert_two_were_counted(&recorder);
}

fn assert_two_were_counted(recorder: &PrometheusRecorder) {
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

/// So many that they are copied.
const MANY: usize = 600;

#[tokio::test]
async fn jobs_that_come_in_masses_are_stored_as_one_alone() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let jobs: Vec<_> = (0..=MANY).map(|_| with_everything()).collect();

    storage.enqueue(&jobs[..1]).await.unwrap();
    storage.enqueue(&jobs[1..]).await.unwrap();

    let rows = sqlx::query(
        "select (to_jsonb(r) - '{id,created_at,enqueued_at,copied}'::text[])::text as row, count(*) as jobs,
           bool_and(created_at between clock_timestamp() - interval '1 minute' and clock_timestamp()
             and enqueued_at = created_at) as is_new
         from job_engine.ready r group by 1",
    )
    .fetch_all(&database.pool().await)
    .await
    .unwrap();
    let [row] = &rows[..] else {
        panic!("they differ: {rows:?}");
    };
    assert_eq!(row.get::<i64, _>("jobs"), 601);
    assert!(row.get::<bool, _>("is_new"));
    assert!(row.get::<String, _>("row").contains("\"two words\""));
}

#[tokio::test]
async fn one_known_job_keeps_a_mass_of_others_out() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let jobs: Vec<_> = (0..MANY).map(|_| job()).collect();
    let known = &jobs[MANY / 2];
    storage.enqueue(std::slice::from_ref(known)).await.unwrap();
    storage
        .command(known.id, Command::Delete, "over")
        .await
        .unwrap();

    assert!(storage.enqueue(&jobs).await.is_err());
    assert_eq!(storage.counts().await.unwrap().enqueued, 0);
}

#[tokio::test]
async fn strangers_between_a_mass_of_jobs_do_not_keep_them_out() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let mut jobs: Vec<_> = (0..=MANY).map(|_| job()).collect();
    let stranger = jobs.remove(MANY / 2);
    storage.enqueue(&[stranger]).await.unwrap();

    storage.enqueue(&jobs).await.unwrap();

    assert_eq!(storage.counts().await.unwrap().enqueued, 601);
}

fn with_everything() -> NewJob {
    let job = NewJob {
        version: 3,
        ..job().with_priority(-5)
    };
    job.for_tenant("Acme \u{fc}ber")
        .and_then(|job| job.tagged(["two words", "q\"u\\ote"]))
        .and_then(|job| job.limited_by("key"))
        .unwrap()
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
    async fn it_continues_jobs_fills_batches_and_takes_keys() {
        let database = Database::create().await;
        let storage = database.storage().await;
        let unique = || job().unique(Unique::by("invoice-17")).unwrap();
        let batch = job_engine::Batch::of([job(), unique(), unique()])
            .then(job(), ContinueOn::Success)
            .unwrap();

        let mut client = connect(&database).await;
        let transaction = client.transaction().await.unwrap();
        let duplicates = job_engine_postgres::tokio_postgres::enqueue(&transaction, &batch.jobs)
            .await
            .unwrap();
        transaction.commit().await.unwrap();

        assert_eq!(duplicates.len(), 1);
        assert_eq!(duplicates[0].of, batch.jobs[1].id);
        let counts = storage.counts().await.unwrap();
        assert_eq!((counts.enqueued, counts.awaiting), (2, 1));
        let client = job_engine::Client::new(storage);
        let progress = client.batch(batch.id).await.unwrap().unwrap();
        assert_eq!(progress.jobs, 2);
    }

    #[tokio::test]
    async fn its_jobs_are_counted_at_once() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _counting = metrics::set_default_local_recorder(&recorder);
        let database = Database::create().await;
        let unique = || job().unique(Unique::by("invoice-17")).unwrap();

        let mut client = connect(&database).await;
        let transaction = client.transaction().await.unwrap();
        let jobs = [job(), unique(), unique()];
        job_engine_postgres::tokio_postgres::enqueue(&transaction, &jobs)
            .await
            .unwrap();

        assert_two_were_counted(&recorder);
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

#[tokio::test]
async fn a_key_that_was_taken_in_a_rolled_back_transaction_is_free() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let storage = database.storage().await;
    let unique = || job().unique(Unique::by("invoice-17")).unwrap();

    let mut transaction = pool.begin().await.unwrap();
    enqueue(&mut transaction, &[unique()]).await.unwrap();
    transaction.rollback().await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let first = unique();
    let alone = enqueue(&mut transaction, std::slice::from_ref(&first)).await;
    // Waits until the transaction has committed, and then knows.
    let second = unique();
    let waiting = tokio::spawn({
        let storage = storage.clone();
        let second = second.clone();
        async move { storage.enqueue(&[second]).await }
    });
    waits_for_a_lock(&pool).await;
    transaction.commit().await.unwrap();

    assert_eq!(alone.unwrap(), []);
    let duplicates = waiting.await.unwrap().unwrap();
    assert_eq!((duplicates[0].job, duplicates[0].of), (second.id, first.id));
}

#[tokio::test]
async fn a_parent_that_ends_waits_for_the_transaction_that_continues_it() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let storage = database.storage().await;
    let server = announce(&storage).await;
    let parent = job();
    storage
        .enqueue(std::slice::from_ref(&parent))
        .await
        .unwrap();
    let lease = claim(&storage, server).await[0].lease;

    let child = job().continuing([parent.id], ContinueOn::Success).unwrap();
    let mut transaction = pool.begin().await.unwrap();
    enqueue(&mut transaction, std::slice::from_ref(&child))
        .await
        .unwrap();
    let outcome = Outcome::Succeeded {
        duration: std::time::Duration::from_millis(1),
        result: None,
    };
    let ending = tokio::spawn({
        let storage = storage.clone();
        async move { storage.settle(&[Settlement::new(lease, outcome)]).await }
    });
    waits_for_a_lock(&pool).await;
    transaction.commit().await.unwrap();
    ending.await.unwrap().unwrap();

    let details = storage.job(child.id).await.unwrap().unwrap();
    assert_eq!(details.summary.state, State::Enqueued);
}

#[tokio::test]
async fn plain_sql_continues_a_job() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let storage = database.storage().await;
    let parent = job();
    storage
        .enqueue(std::slice::from_ref(&parent))
        .await
        .unwrap();

    let child: Uuid = sqlx::query_scalar(
        "select job_engine.enqueue('send', '{}', continues => array[$1], continue_on => 'AnyEnd')",
    )
    .bind(parent.id.0)
    .fetch_one(&pool)
    .await
    .unwrap();
    let before = storage.job(JobId(child)).await.unwrap().unwrap();
    storage
        .command(parent.id, Command::Delete, "over")
        .await
        .unwrap();
    let after = storage.job(JobId(child)).await.unwrap().unwrap();

    assert_eq!(before.summary.state, State::Awaiting);
    assert_eq!(after.summary.state, State::Enqueued);
}

#[tokio::test]
async fn plain_sql_gives_a_job_a_unique_key() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let storage = database.storage().await;
    let enqueue = async |keys: &str| {
        let sql = format!("select job_engine.enqueue('send', '{{}}', unique_key => 'a', {keys})");
        let id: Uuid = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&pool)
            .await
            .unwrap();
        JobId(id)
    };

    let first = enqueue("unique_within => '1 hour'").await;
    let second = enqueue("priority => 1").await;
    let from_rust = job().unique(Unique::by("a")).unwrap();
    let duplicates = storage.enqueue(&[from_rust]).await.unwrap();
    let replacing = enqueue("unique_replaces => true").await;

    assert_eq!(second, first);
    assert_eq!(duplicates[0].of, first);
    assert_ne!(replacing, first);
    let replaced = storage.job(first).await.unwrap().unwrap();
    assert_eq!(replaced.summary.state, State::Deleted);
}

#[tokio::test]
async fn plain_sql_limits_a_job_by_its_key() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let storage = database.storage().await;
    let server = announce(&storage).await;

    for _ in 0..2 {
        sqlx::query("select job_engine.enqueue('send', '{}', limit_key => 'exports/acme')")
            .execute(&pool)
            .await
            .unwrap();
    }

    assert_eq!(claim(&storage, server).await.len(), 1);
    assert_eq!(claim(&storage, server).await, []);
}

#[tokio::test]
async fn plain_sql_refuses_keys_that_are_none() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let pool = database.pool().await;

    for (given, complaint) in [
        ("limit_key => ''", "a limit key is 1 to 100 bytes"),
        ("unique_key => ''", "a unique key is 1 to 200 bytes"),
        (
            "unique_key => 'a', unique_while => '{Asleep}'",
            "a job is never in the state Asleep",
        ),
        (
            "unique_key => 'a', unique_while => '{}'",
            "a unique key is held in some state or for some time",
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

/// Returns when some session waits for another one.
async fn waits_for_a_lock(pool: &sqlx::PgPool) {
    let waits = "select exists (select from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock')";
    let looking = async {
        while !sqlx::query_scalar::<_, bool>(waits)
            .fetch_one(pool)
            .await
            .unwrap()
        {}
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(30), looking).await;
    found.expect("a session waits for another one");
}
