use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use application::ports::{
    Clock, DatabaseLocation, TenantDatabase, TenantDatabaseError, TenantDatabases, TenantHome,
    TenantOwner,
};
use async_trait::async_trait;
use domain::{Tenant, TenantId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::contents;
use super::database_name::DatabaseName;
use crate::clock::SystemClock;
use crate::database::{DatabaseError, Link};

/// Files that are open at once; each connection has a thread of its own.
const CONNECTIONS: usize = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A file for each tenant. SQLite takes back what a process that died had not finished, so a file
/// that is there is opened and completed.
#[derive(Debug)]
pub struct SqliteTenantDatabases {
    folder: PathBuf,
    connections: Arc<Semaphore>,
}

/// A connection and the right to have it.
struct Open {
    connection: SqliteConnection,
    _permit: OwnedSemaphorePermit,
}

impl SqliteTenantDatabases {
    pub async fn in_folder(folder: PathBuf) -> std::io::Result<Self> {
        tokio::fs::create_dir_all(&folder).await?;
        Ok(Self {
            folder,
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
        })
    }

    fn file_name(tenant: TenantId) -> String {
        format!("{}.db", DatabaseName::of_tenant(tenant).as_str())
    }

    fn options(&self, tenant: TenantId) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(self.folder.join(Self::file_name(tenant)))
            .journal_mode(SqliteJournalMode::Delete)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging()
    }

    async fn connect(&self, options: &SqliteConnectOptions) -> Result<Open, DatabaseError> {
        let permit = self.connections.clone().acquire_owned().await;
        Ok(Open {
            _permit: permit.expect("nobody closes the semaphore"),
            connection: options.connect().await?,
        })
    }
}

#[async_trait]
impl TenantDatabases for SqliteTenantDatabases {
    async fn create(&self, tenant: TenantId) -> Result<(), TenantDatabaseError> {
        let options = self.options(tenant).create_if_missing(true);
        let open = self.connect(&options).await?;
        open.connection.close().await.map_err(DatabaseError)?;
        Ok(())
    }

    async fn open(&self, tenant: TenantId) -> Result<Box<dyn TenantDatabase>, TenantDatabaseError> {
        Ok(Box::new(SqliteTenantDatabase {
            file_name: Self::file_name(tenant),
            open: self.connect(&self.options(tenant)).await?,
        }))
    }
}

struct SqliteTenantDatabase {
    file_name: String,
    open: Open,
}

impl SqliteTenantDatabase {
    /// Does all of it or nothing.
    async fn change(
        &mut self,
        change: impl AsyncFnOnce(Link<'_>) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let connection = &mut self.open.connection;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        change(Link::Sqlite(&mut transaction)).await?;
        transaction.commit().await?;
        Ok(())
    }
}

#[async_trait]
impl TenantDatabase for SqliteTenantDatabase {
    async fn migrate(&mut self) -> Result<(), TenantDatabaseError> {
        let migrate = async |link: Link<'_>| contents::TENANT.migrate(link).await;
        Ok(self.change(migrate).await?)
    }

    async fn seed(&mut self, tenant: &Tenant) -> Result<(), TenantDatabaseError> {
        let seed = async |link: Link<'_>| contents::seed(link, tenant).await;
        Ok(self.change(seed).await?)
    }

    async fn create_owner(&mut self, owner: &TenantOwner) -> Result<(), TenantDatabaseError> {
        let now = SystemClock.now();
        let create = async |link: Link<'_>| contents::create_owner(link, owner, now).await;
        Ok(self.change(create).await?)
    }

    async fn read_home(&mut self) -> Result<TenantHome, TenantDatabaseError> {
        let location = DatabaseLocation {
            engine: "SQLite",
            name: self.file_name.clone(),
        };
        Ok(contents::read_home(Link::Sqlite(&mut self.open.connection), location).await?)
    }

    async fn close(self: Box<Self>) {
        if let Err(error) = self.open.connection.close().await {
            tracing::debug!(%error, "a tenant's file was left without a word");
        }
    }
}
