use std::path::PathBuf;
use std::time::Duration;

use application::ports::{
    Clock, DatabaseLocation, TenantDatabaseError, TenantDatabases, TenantHome, TenantOwner,
};
use async_trait::async_trait;
use domain::{Tenant, TenantId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

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
    connections: Semaphore,
}

/// A connection and the right to have it.
struct Open<'a> {
    connection: SqliteConnection,
    _permit: SemaphorePermit<'a>,
}

impl SqliteTenantDatabases {
    pub async fn open(folder: PathBuf) -> std::io::Result<Self> {
        tokio::fs::create_dir_all(&folder).await?;
        Ok(Self {
            folder,
            connections: Semaphore::new(CONNECTIONS),
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

    async fn connect(&self, options: &SqliteConnectOptions) -> Result<Open<'_>, DatabaseError> {
        let permit = self.connections.acquire().await;
        Ok(Open {
            _permit: permit.expect("nobody closes the semaphore"),
            connection: options.connect().await?,
        })
    }

    /// Does all of it or nothing.
    async fn change(
        &self,
        tenant: TenantId,
        change: impl AsyncFnOnce(Link<'_>) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let mut open = self.connect(&self.options(tenant)).await?;
        let mut transaction = open.connection.begin_with("BEGIN IMMEDIATE").await?;
        change(Link::Sqlite(&mut transaction)).await?;
        transaction.commit().await?;
        open.connection.close().await?;
        Ok(())
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

    async fn migrate(&self, tenant: TenantId) -> Result<(), TenantDatabaseError> {
        let migrate = async |link: Link<'_>| contents::TENANT.migrate(link).await;
        Ok(self.change(tenant, migrate).await?)
    }

    async fn seed(&self, tenant: &Tenant) -> Result<(), TenantDatabaseError> {
        let seed = async |link: Link<'_>| contents::seed(link, tenant).await;
        Ok(self.change(tenant.id, seed).await?)
    }

    async fn create_owner(
        &self,
        tenant: TenantId,
        owner: &TenantOwner,
    ) -> Result<(), TenantDatabaseError> {
        let now = SystemClock.now();
        let create = async |link: Link<'_>| contents::create_owner(link, owner, now).await;
        Ok(self.change(tenant, create).await?)
    }

    async fn read_home(&self, tenant: TenantId) -> Result<TenantHome, TenantDatabaseError> {
        let location = DatabaseLocation {
            engine: "SQLite",
            name: Self::file_name(tenant),
        };
        let mut open = self.connect(&self.options(tenant)).await?;
        let home = contents::read_home(Link::Sqlite(&mut open.connection), location).await;
        open.connection.close().await.map_err(DatabaseError)?;
        Ok(home?)
    }
}
