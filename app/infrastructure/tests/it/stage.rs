use std::path::Path;
use std::sync::Arc;

use application::App;
use application::ports::{Records, Transaction};
use application::testing::FakeNotifier;
use domain::{Origin, Status, Steps, Tenant, TenantId, User, UserId};
use infrastructure::{Adapters, Pool, Settings, connect};
use jiff::{Timestamp, Unit};
use job_engine::JobId;
use sqlx::Connection;
use tempfile::TempDir;
use uuid::Uuid;

/// An empty catalogue, and everything around it.
pub struct Stage {
    pub adapters: Adapters,
    pub folder: TempDir,
    database: Option<PostgresDatabase>,
}

/// Makes a test of each function, on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($(async fn $name:ident($stage:ident: &$type:ty) $body:block)+) => {
        $(async fn $name($stage: &$type) $body)+

        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let stage = crate::stage::Stage::sqlite().await;
                super::$name(&stage).await;
                stage.end().await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let stage = crate::stage::Stage::postgres().await;
                super::$name(&stage).await;
                stage.end().await;
            })+
        }
    };
}
pub(crate) use on_both;

impl Stage {
    pub async fn sqlite() -> Self {
        Self::on(None).await
    }

    pub async fn postgres() -> Self {
        Self::on(Some(PostgresDatabase::create().await)).await
    }

    async fn on(database: Option<PostgresDatabase>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = database.as_ref().map(|database| database.url.clone());
        let adapters = connect(&settings(folder.path(), url)).await;
        Self {
            adapters: adapters.expect("everything opens"),
            folder,
            database,
        }
    }

    pub fn settings(&self) -> Settings {
        let url = self.database.as_ref().map(|database| database.url.clone());
        settings(self.folder.path(), url)
    }

    pub fn app(&self) -> App {
        let settings = application::Settings {
            public_url: "https://diquis.example".to_owned(),
            job_attempts: 3,
        };
        let notifier = Arc::new(FakeNotifier::default());
        self.adapters.clone().into_app(notifier, settings)
    }

    pub async fn read(&self) -> Box<dyn Records> {
        self.adapters.catalog.read().await.expect("a connection")
    }

    pub async fn begin(&self) -> Box<dyn Transaction> {
        self.adapters.catalog.begin().await.expect("a transaction")
    }

    /// Stores a user.
    pub async fn user(&self, email: &str) -> User {
        let user = user(email);
        let mut transaction = self.begin().await;
        assert!(transaction.users().add(&user).await.expect("added"));
        transaction.commit().await.expect("committed");
        user
    }

    /// Stores a tenant that someone signed up for.
    pub async fn tenant(&self, slug: &str) -> Tenant {
        let tenant = tenant(slug, Origin::SignUp);
        let mut transaction = self.begin().await;
        transaction.tenants().add(&tenant).await.expect("added");
        transaction.commit().await.expect("committed");
        tenant
    }

    pub async fn stored_tenant(&self, id: TenantId) -> Tenant {
        let found = self.read().await.tenants().find(id).await;
        found.expect("readable").expect("there")
    }

    pub async fn end(self) {
        self.adapters.close().await;
        if let Some(database) = self.database {
            database.drop().await;
        }
    }

    pub fn postgres_pool(&self) -> &sqlx::PgPool {
        match &self.adapters.pool {
            Pool::Postgres(pool) => pool,
            Pool::Sqlite(..) => panic!("this stage is on SQLite"),
        }
    }

    pub fn postgres_database(&self) -> &PostgresDatabase {
        self.database.as_ref().expect("this stage is on PostgreSQL")
    }
}

fn settings(folder: &Path, database_url: Option<String>) -> Settings {
    Settings {
        database_url,
        data_dir: folder.join("data"),
        smtp_url: None,
        public_url: "https://diquis.example".to_owned(),
        mail_from: None,
    }
}

/// A database of its own, in the cluster that the environment names.
pub struct PostgresDatabase {
    pub server_url: String,
    pub name: String,
    pub url: String,
}

impl PostgresDatabase {
    async fn create() -> Self {
        let server_url = server_url();
        let name = format!("diquis_test_{}", Uuid::now_v7().simple());
        let (base, _) = server_url.rsplit_once('/').expect("a database in the URL");
        let url = format!("{base}/{name}");
        execute(&server_url, format!("CREATE DATABASE {name}")).await;
        Self {
            server_url,
            name,
            url,
        }
    }

    async fn drop(self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        execute(&self.server_url, statement).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test learns of its cluster from the environment"
)]
fn server_url() -> String {
    std::env::var("DIQUIS_TEST_POSTGRES_URL").expect(
        "DIQUIS_TEST_POSTGRES_URL is not set; run `scripts/with-postgres cargo test -p infrastructure`",
    )
}

/// Runs a statement on a connection of its own.
pub async fn execute(url: &str, statement: String) {
    let mut connection = sqlx::PgConnection::connect(url).await.expect("connected");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .expect("executed");
    connection.close().await.expect("closed");
}

pub fn now() -> Timestamp {
    Timestamp::now().round(Unit::Microsecond).expect("in range")
}

pub fn user(email: &str) -> User {
    User {
        id: UserId::random(),
        email: email.parse().expect("an address"),
        display_name: "Ada".to_owned(),
        is_super_admin: false,
        tenant_id: None,
        has_password: false,
        created_at: now(),
    }
}

pub fn tenant(slug: &str, origin: Origin) -> Tenant {
    Tenant {
        id: TenantId::random(),
        slug: slug.parse().expect("a slug"),
        name: format!("The {slug} company").parse().expect("a name"),
        admin_email: format!("ada@{slug}.example").parse().expect("an address"),
        origin,
        status: Status::Pending,
        error: None,
        steps: Steps::default(),
        job_id: JobId::random().0,
        attempt: 0,
        max_attempts: 11,
        next_attempt_at: None,
        round: 0,
        version: 1,
        created_at: now(),
        updated_at: now(),
        activated_at: None,
    }
}
