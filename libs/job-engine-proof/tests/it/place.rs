//! The database that a story is about.

use std::path::Path;
use std::sync::Arc;

use job_engine::NewJob;
use job_engine::storage::{SharedStorage, StorageError};
use job_engine_postgres::PostgresStorage;
use job_engine_proof::Answer;
use job_engine_sqlite::SqliteStorage;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{Executor, PgPool, SqlitePool};

use crate::clock::CLOCK_THAT_CAN_BE_SET;
use crate::made::Made;

pub(crate) enum Place {
    Postgres {
        url: String,
        pool: PgPool,
        #[expect(dead_code, reason = "the database lives as long as the place")]
        made: Option<Made>,
    },
    Sqlite {
        path: String,
        pool: SqlitePool,
    },
}

impl Place {
    /// A new database in this cluster, with the engine's schema.
    pub(crate) async fn postgres(cluster: &str) -> Self {
        Self::migrated(Made::database_in(cluster).await).await
    }

    /// As well; and its clock can be set.
    pub(crate) async fn postgres_with_a_clock(cluster: &str) -> Self {
        let made = Made::database_in(cluster).await;
        // Only connections that are made later know the time that is set.
        Self::at(&made.url()).sabotage(CLOCK_THAT_CAN_BE_SET).await;
        Self::migrated(made).await
    }

    async fn migrated(made: Made) -> Self {
        let url = made.url();
        let pool = pool(&url);
        let storage = PostgresStorage::new(pool.clone())
            .await
            .expect("the database answers");
        storage.migrate().await.expect("the schema is made");
        Self::Postgres {
            url,
            pool,
            made: Some(made),
        }
    }

    /// A new file in this folder, with the engine's tables.
    pub(crate) async fn sqlite(folder: &Path) -> Self {
        let path = folder.join("jobs.db");
        let storage = SqliteStorage::open(&path).await.expect("opened");
        storage.migrate().await.expect("the tables are made");
        Self::at(path.to_str().expect("the path is UTF-8"))
    }

    /// The URL of a PostgreSQL database, or the path of a SQLite file.
    pub(crate) fn at(address: &str) -> Self {
        if address.starts_with("postgres:") {
            return Self::Postgres {
                url: address.to_owned(),
                pool: pool(address),
                made: None,
            };
        }
        let options = SqliteConnectOptions::new()
            .filename(address)
            .synchronous(SqliteSynchronous::Full);
        Self::Sqlite {
            path: address.to_owned(),
            pool: SqlitePool::connect_lazy_with(options),
        }
    }

    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    pub(crate) fn address(&self) -> &str {
        match self {
            Self::Postgres { url, .. } => url,
            Self::Sqlite { path, .. } => path,
        }
    }

    /// The storage as a process opens it.
    pub(crate) async fn storage(&self) -> Result<SharedStorage, StorageError> {
        Ok(match self {
            Self::Postgres { url, .. } => Arc::new(PostgresStorage::connect(url).await?),
            Self::Sqlite { path, .. } => Arc::new(SqliteStorage::open(path).await?),
        })
    }

    /// Enqueues the jobs in a transaction of the caller, and commits.
    pub(crate) async fn enqueue_and_commit(&self, jobs: &[NewJob]) -> Answer {
        let committed = match self {
            Self::Postgres { pool, .. } => commit_in_postgres(pool, jobs).await,
            Self::Sqlite { pool, .. } => commit_in_sqlite(pool, jobs).await,
        };
        match committed {
            Ok(()) => Answer::Acknowledged,
            Err(_) => Answer::Unknown,
        }
    }

    /// Enqueues the jobs in a transaction of the caller, who then changes his mind.
    pub(crate) async fn enqueue_and_roll_back(&self, jobs: &[NewJob]) -> Answer {
        // Without a commit nothing is stored, whatever else goes wrong.
        let _ = match self {
            Self::Postgres { pool, .. } => roll_back_in_postgres(pool, jobs).await,
            Self::Sqlite { pool, .. } => roll_back_in_sqlite(pool, jobs).await,
        };
        Answer::RolledBack
    }

    /// Ends some connections of all processes, as an administrator or a proxy would.
    pub(crate) async fn end_connections(&self) {
        if let Self::Postgres { pool, .. } = self {
            // An error is one of these connections.
            let _ = sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and pid <> pg_backend_pid()
                 order by random() limit 4",
            )
            .execute(pool)
            .await;
        }
    }

    /// So many seconds from the true time. A file has the clock of who uses it.
    pub(crate) async fn set_clock(&self, ahead: i64) {
        if let Self::Postgres { pool, .. } = self {
            sqlx::query("update clock.ahead set seconds = $1")
                .bind(ahead)
                .execute(pool)
                .await
                .expect("the database has a clock that can be set");
        }
    }

    /// How many servers have said that their lock in PostgreSQL shows whether they live.
    pub(crate) async fn pulses(&self) -> sqlx::Result<i64> {
        let Self::Postgres { pool, .. } = self else {
            panic!("SQLite has no such locks")
        };
        sqlx::query_scalar("select count(*) from job_engine.pulses")
            .fetch_one(pool)
            .await
    }

    /// Does something to the database that no program should.
    pub(crate) async fn sabotage(&self, statements: &'static str) {
        let Self::Postgres { pool, .. } = self else {
            panic!("only PostgreSQL is sabotaged")
        };
        pool.execute(statements).await.expect("it is sabotaged");
    }
}

fn pool(url: &str) -> PgPool {
    let options = PgPoolOptions::new().max_connections(4);
    options.connect_lazy(url).expect("it is a URL")
}

type Tried = Result<(), Box<dyn std::error::Error + Send + Sync>>;

async fn commit_in_postgres(pool: &PgPool, jobs: &[NewJob]) -> Tried {
    let mut transaction = pool.begin().await?;
    job_engine_postgres::enqueue(&mut transaction, jobs).await?;
    Ok(transaction.commit().await?)
}

async fn roll_back_in_postgres(pool: &PgPool, jobs: &[NewJob]) -> Tried {
    let mut transaction = pool.begin().await?;
    job_engine_postgres::enqueue(&mut transaction, jobs).await?;
    Ok(transaction.rollback().await?)
}

async fn commit_in_sqlite(pool: &SqlitePool, jobs: &[NewJob]) -> Tried {
    let mut transaction = pool.begin_with("begin immediate").await?;
    job_engine_sqlite::enqueue(&mut transaction, jobs).await?;
    Ok(transaction.commit().await?)
}

async fn roll_back_in_sqlite(pool: &SqlitePool, jobs: &[NewJob]) -> Tried {
    let mut transaction = pool.begin_with("begin immediate").await?;
    job_engine_sqlite::enqueue(&mut transaction, jobs).await?;
    Ok(transaction.rollback().await?)
}
