//! A database per test, in the cluster that the environment names.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use job_engine::storage::{Claim, ClaimedJob, ServerAnnouncement, ServerId};
use job_engine::{NewJob, Storage};
use job_engine_postgres::PostgresStorage;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, PgPool};
use tokio::sync::OnceCell;

/// Migrated once; the tests' databases are copies of it.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Databases of earlier runs are dropped after this time.
const KEEP_SECONDS: i64 = 3600;

pub(crate) struct Database {
    options: PgConnectOptions,
}

impl Database {
    /// A database with the engine's schema and no jobs.
    pub(crate) async fn create() -> Self {
        let template = TEMPLATE.get_or_init(make_template).await;
        Self::named(&format!("template {template}")).await
    }

    /// A database without anything.
    pub(crate) async fn empty() -> Self {
        Self::named("").await
    }

    async fn named(like: &str) -> Self {
        let name = unused_name();
        let mut cluster = cluster().connect().await.expect("PostgreSQL runs");
        cluster
            .execute(AssertSqlSafe(format!("create database {name} {like}")))
            .await
            .expect("a database is made");
        cluster.close().await.expect("the connection ends");
        Self {
            options: cluster_options(&name),
        }
    }

    pub(crate) fn url(&self) -> String {
        let cluster = cluster_url();
        let (address, _) = cluster.rsplit_once('/').expect("the URL names a database");
        let name = self.options.get_database().expect("it has a name");
        format!("{address}/{name}")
    }

    pub(crate) async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(5)
            .connect_with(self.options.clone())
            .await
            .expect("the database answers")
    }

    pub(crate) async fn storage(&self) -> Arc<PostgresStorage> {
        let storage = PostgresStorage::new(self.pool().await).await;
        Arc::new(storage.expect("the database answers"))
    }
}

/// Copies cannot be made while somebody is connected to the template.
async fn make_template() -> String {
    drop_old_databases().await;
    let database = Database::empty().await;
    let storage = PostgresStorage::new(database.pool().await)
        .await
        .expect("the database answers");
    storage.migrate().await.expect("the schema is made");
    drop(storage);

    let name = database.options.get_database().expect("it has a name");
    let mut cluster = cluster().connect().await.expect("PostgreSQL runs");
    sqlx::query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1")
        .bind(name)
        .execute(&mut cluster)
        .await
        .expect("the template is left alone");
    name.to_owned()
}

async fn drop_old_databases() {
    let mut cluster: PgConnection = cluster().connect().await.expect("PostgreSQL runs");
    let old: Vec<String> = sqlx::query_scalar(
        "select datname from pg_database
         where datname ~ '^job_engine_test_[0-9]+_' and split_part(datname, '_', 4)::bigint < $1",
    )
    .bind(now() - KEEP_SECONDS)
    .fetch_all(&mut cluster)
    .await
    .expect("the databases are listed");
    for name in old {
        let dropped = format!("drop database if exists {name} with (force)");
        cluster
            .execute(AssertSqlSafe(dropped))
            .await
            .expect("an old database is dropped");
    }
}

fn unused_name() -> String {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = now();
    format!("job_engine_test_{now}_{}_{count}", process::id())
}

#[expect(
    clippy::disallowed_methods,
    reason = "there is no database yet whose time it could be"
)]
fn now() -> i64 {
    Timestamp::now().as_second()
}

fn cluster_options(database: &str) -> PgConnectOptions {
    cluster().database(database)
}

fn cluster() -> PgConnectOptions {
    let url = cluster_url();
    url.parse()
        .expect("DIQUIS_TEST_POSTGRES_URL is the URL of a PostgreSQL cluster")
}

#[expect(
    clippy::disallowed_methods,
    reason = "where to find PostgreSQL is the tests' setting"
)]
fn cluster_url() -> String {
    std::env::var("DIQUIS_TEST_POSTGRES_URL").expect(
        "no DIQUIS_TEST_POSTGRES_URL: run `scripts/with-postgres cargo test -p job-engine-postgres`",
    )
}

/// A job `send` in the queue `default`, to run now.
pub(crate) fn job() -> NewJob {
    NewJob::of_kind("send", "{}")
}

pub(crate) async fn announce(storage: &PostgresStorage) -> ServerId {
    let id = ServerId::random();
    let announcement = ServerAnnouncement {
        id,
        name: format!("test:{}", process::id()),
        queues: vec!["default".to_owned()],
        kinds: Vec::new(),
        workers: 1,
    };
    storage.announce(&announcement).await.expect("announced");
    id
}

pub(crate) async fn claim(storage: &PostgresStorage, server: ServerId) -> Vec<ClaimedJob> {
    let claim = Claim {
        server,
        queues: vec!["default".to_owned()],
        kinds: vec!["send".into()],
        limit: 100,
    };
    storage.claim(&claim).await.expect("claimed").jobs
}
