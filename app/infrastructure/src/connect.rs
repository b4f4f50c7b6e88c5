use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use application::App;
use application::ports::{
    Catalog, CatalogError, Clock, HashError, JobControl, Mailbox, Mailer, Notifier, PasswordHasher,
    TenantDatabases, Tokens,
};
use job_engine::{Storage, StorageError};
use job_engine_postgres::PostgresStorage;
use job_engine_sqlite::SqliteStorage;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgPool, SqlitePool};
use tokio::join;
use tokio::time::timeout;

use crate::catalog::{Pool, SqlCatalog, Turn};
use crate::clock::SystemClock;
use crate::database::{DatabaseError, sql};
use crate::job_control::EngineJobControl;
use crate::mails::{InvalidSender, InvalidSmtpUrl, MailFolder, Sender, SmtpMailer};
use crate::passwords::Argon2Passwords;
use crate::tenant_databases::{PostgresTenantDatabases, SqliteTenantDatabases};
use crate::tokens::RandomTokens;

const POSTGRES_CONNECTIONS: u32 = 20;
const SQLITE_CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a writer waits for the one before it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Where everything is.
#[derive(Clone)]
pub struct Settings {
    /// `postgres://…`; without one, the catalogue is a SQLite file in the data folder.
    pub database_url: Option<String>,
    /// Made if it is missing.
    pub data_dir: PathBuf,
    /// `smtp://…` or `smtps://…`; without one, mails are kept as files in the data folder.
    pub smtp_url: Option<String>,
    /// Under which address people reach the product.
    pub public_url: String,
    /// Default: `no-reply@` and the host of the public address.
    pub mail_from: Option<String>,
}

/// Without the addresses that hold passwords.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("data_dir", &self.data_dir)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// Why nothing can start. The text is for whoever starts it.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the database's address is not like postgres://user:password@host:port/name")]
    DatabaseUrl,
    #[error("the folder {path} cannot be used: {error}")]
    Folder {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("the database cannot be used: {0}")]
    Database(#[from] DatabaseFailure),
    #[error(transparent)]
    Jobs(#[from] StorageError),
    #[error(transparent)]
    Sender(#[from] InvalidSender),
    #[error(transparent)]
    Smtp(#[from] InvalidSmtpUrl),
    #[error(transparent)]
    Passwords(#[from] HashError),
}

/// What the database said.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DatabaseFailure(DatabaseError);

/// An adapter for each port but the notifier, and what the job engine needs.
#[derive(Clone)]
pub struct Adapters {
    pub catalog: Arc<dyn Catalog>,
    pub tenant_databases: Arc<dyn TenantDatabases>,
    pub job_control: Arc<dyn JobControl>,
    pub mailer: Arc<dyn Mailer>,
    pub mailbox: Option<Arc<dyn Mailbox>>,
    pub passwords: Arc<dyn PasswordHasher>,
    pub tokens: Arc<dyn Tokens>,
    pub clock: Arc<dyn Clock>,
    /// Where the jobs are, beside the catalogue.
    pub storage: Arc<dyn Storage>,
    /// The connections that both share.
    pub pool: Pool,
}

impl fmt::Debug for Adapters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapters")
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// Opens everything and brings the tables of the catalogue and of the job engine up to date.
pub async fn connect(settings: &Settings) -> Result<Adapters, ConnectError> {
    make_folder(&settings.data_dir).await?;
    let (pool, storage, tenant_databases) = open_databases(settings).await?;
    let (mailer, mailbox) = open_mails(settings).await?;

    Ok(Adapters {
        catalog: Arc::new(SqlCatalog::new(pool.clone(), Arc::clone(&storage))),
        tenant_databases,
        job_control: Arc::new(EngineJobControl::new(Arc::clone(&storage))),
        mailer,
        mailbox,
        passwords: Arc::new(Argon2Passwords::new()?),
        tokens: Arc::new(RandomTokens),
        clock: Arc::new(SystemClock),
        storage,
        pool,
    })
}

impl Adapters {
    /// All that a use case or a job can reach.
    pub fn into_app(self, notifier: Arc<dyn Notifier>, settings: application::Settings) -> App {
        App {
            catalog: self.catalog,
            tenant_databases: self.tenant_databases,
            job_control: self.job_control,
            notifier,
            mailer: self.mailer,
            mailbox: self.mailbox,
            passwords: self.passwords,
            tokens: self.tokens,
            clock: self.clock,
            settings,
        }
    }

    /// Whether the catalogue answers.
    pub async fn is_ready(&self) -> Result<(), CatalogError> {
        let mut held = self.pool.acquire().await?;
        sql("SELECT 1 AS one").only(held.link()).await?;
        Ok(())
    }

    /// Closes the connections; for when nobody uses them any more.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

type Databases = (Pool, Arc<dyn Storage>, Arc<dyn TenantDatabases>);

async fn open_databases(settings: &Settings) -> Result<Databases, ConnectError> {
    match &settings.database_url {
        Some(url) => open_postgres(url).await,
        None => open_sqlite(&settings.data_dir).await,
    }
}

async fn open_postgres(url: &str) -> Result<Databases, ConnectError> {
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let options: PgConnectOptions = match url.parse() {
        Ok(options) if is_postgres => options,
        _ => return Err(ConnectError::DatabaseUrl),
    };
    let options = options.disable_statement_logging();
    try_once(&options).await?;
    let connections: PgPool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone().application_name("diquis"))
        .await
        .map_err(failure)?;
    let pool = Pool::Postgres(connections.clone());
    let storage = PostgresStorage::new(connections).await?;
    let (catalog, jobs) = join!(pool.migrate(), storage.migrate());
    catalog.map_err(DatabaseFailure)?;
    jobs?;

    Ok((
        pool,
        Arc::new(storage),
        Arc::new(PostgresTenantDatabases::new(options)),
    ))
}

/// A pool tries again until its timeout and then says nothing of the reason.
async fn try_once(options: &PgConnectOptions) -> Result<(), ConnectError> {
    let connection = timeout(ACQUIRE_TIMEOUT, options.connect()).await;
    let connection = connection.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    connection
        .map_err(failure)?
        .close()
        .await
        .map_err(failure)?;
    Ok(())
}

async fn open_sqlite(data_dir: &Path) -> Result<Databases, ConnectError> {
    let options = SqliteConnectOptions::new()
        .filename(data_dir.join("diquis.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("temp_store", "memory")
        .disable_statement_logging();
    let connections: SqlitePool = SqlitePoolOptions::new()
        .max_connections(SQLITE_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .before_acquire(|connection, _| {
            // A full disk ends the transaction without a word to the driver, which would take the
            // next one for a part of it, and refuse it for ever.
            let is_sound = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_sound) })
        })
        .connect_with(options)
        .await
        .map_err(failure)?;
    let pool = Pool::Sqlite(connections.clone(), Turn::default());
    pool.migrate().await.map_err(DatabaseFailure)?;
    let storage = SqliteStorage::new(connections, data_dir.join("locks")).await?;
    storage.migrate().await?;

    let tenants = data_dir.join("tenants");
    let tenant_databases = SqliteTenantDatabases::in_folder(tenants.clone())
        .await
        .map_err(|error| ConnectError::Folder {
            path: tenants,
            error,
        })?;
    Ok((pool, Arc::new(storage), Arc::new(tenant_databases)))
}

type Mails = (Arc<dyn Mailer>, Option<Arc<dyn Mailbox>>);

async fn open_mails(settings: &Settings) -> Result<Mails, ConnectError> {
    let host = host_of(&settings.public_url);
    let from = match &settings.mail_from {
        Some(from) => from.clone(),
        None if host.parse::<IpAddr>().is_ok() => "no-reply@localhost".to_owned(),
        None => format!("no-reply@{host}"),
    };
    let sender = Sender::new(&from, host)?;
    if let Some(url) = &settings.smtp_url {
        return Ok((Arc::new(SmtpMailer::new(url, sender)?), None));
    }

    let folder = settings.data_dir.join("mail");
    let mails = MailFolder::open(folder.clone(), sender)
        .await
        .map_err(|error| ConnectError::Folder {
            path: folder,
            error,
        })?;
    let mails = Arc::new(mails);
    Ok((Arc::clone(&mails) as Arc<dyn Mailer>, Some(mails)))
}

async fn make_folder(path: &Path) -> Result<(), ConnectError> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    // What is in it is nobody else's business.
    #[cfg(unix)]
    builder.mode(0o700);
    builder
        .create(path)
        .await
        .map_err(|error| ConnectError::Folder {
            path: path.to_owned(),
            error,
        })
}

/// `diquis.example` of `https://diquis.example:8443/app`.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host)
}

fn failure(error: sqlx::Error) -> DatabaseFailure {
    DatabaseFailure(DatabaseError(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_is_what_stands_between_scheme_and_port() {
        assert_eq!(host_of("https://diquis.example"), "diquis.example");
        assert_eq!(host_of("http://127.0.0.1:5000/app"), "127.0.0.1");
    }
}
