use application::ports::{
    Clock, DatabaseLocation, TenantDatabase, TenantDatabaseError, TenantDatabases, TenantHome,
    TenantOwner,
};
use async_trait::async_trait;
use domain::{Tenant, TenantId};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::{Mutex, OnceCell};

use super::connections::{Connections, Open, run};
use super::contents;
use super::database_name::DatabaseName;
use super::template;
use crate::clock::SystemClock;
use crate::database::{DatabaseError, Link, sql};

/// A database for each tenant, on the server of the catalogue.
#[derive(Debug)]
pub struct PostgresTenantDatabases {
    connections: Connections,
    /// One database is made at a time: each is some megabytes in the server's log, and everybody
    /// else's commit waits until they are written.
    creation: Mutex<()>,
    template: OnceCell<DatabaseName>,
}

impl PostgresTenantDatabases {
    pub fn new(catalog: PgConnectOptions) -> Self {
        Self {
            connections: Connections::new(catalog),
            creation: Mutex::default(),
            template: OnceCell::new(),
        }
    }

    async fn create_database(&self, tenant: TenantId) -> Result<(), DatabaseError> {
        let template = self.template().await;
        let mut open = self.connections.to_catalog().await?;
        // Held until the connection ends: two runs for one tenant come one after the other.
        sql("SELECT pg_advisory_lock($1)")
            .bind(lock_key(tenant))
            .execute(&mut open.connection)
            .await?;

        let name = DatabaseName::of_tenant(tenant);
        copy_or_create(&mut open.connection, &name, template).await?;
        let close_to_others = format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC");
        run(&mut open.connection, close_to_others).await?;
        open.connection.close().await?;
        Ok(())
    }

    /// What databases are copied from; without one they are made empty, which is slower.
    async fn template(&self) -> Option<&DatabaseName> {
        let template = self
            .template
            .get_or_try_init(|| template::ensure(&self.connections));
        template
            .await
            .inspect_err(|error| tracing::warn!(%error, "tenants' databases have no template"))
            .ok()
    }
}

#[async_trait]
impl TenantDatabases for PostgresTenantDatabases {
    async fn create(&self, tenant: TenantId) -> Result<(), TenantDatabaseError> {
        let _turn = self.creation.lock().await;
        Ok(self.create_database(tenant).await?)
    }

    async fn open(&self, tenant: TenantId) -> Result<Box<dyn TenantDatabase>, TenantDatabaseError> {
        let name = DatabaseName::of_tenant(tenant);
        let open = self.connections.to(&name).await?;
        Ok(Box::new(PostgresTenantDatabase { name, open }))
    }
}

struct PostgresTenantDatabase {
    name: DatabaseName,
    open: Open,
}

impl PostgresTenantDatabase {
    /// Does all of it or nothing.
    async fn change(
        &mut self,
        change: impl AsyncFnOnce(Link<'_>) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let mut transaction = self.open.connection.begin().await?;
        change(Link::Postgres(&mut transaction)).await?;
        transaction.commit().await?;
        Ok(())
    }
}

#[async_trait]
impl TenantDatabase for PostgresTenantDatabase {
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
            engine: "PostgreSQL",
            name: self.name.as_str().to_owned(),
        };
        Ok(contents::read_home(Link::Postgres(&mut self.open.connection), location).await?)
    }

    async fn close(self: Box<Self>) {
        if let Err(error) = self.open.connection.close().await {
            tracing::debug!(%error, "a tenant's database was left without a word");
        }
    }
}

async fn copy_or_create(
    connection: &mut PgConnection,
    name: &DatabaseName,
    template: Option<&DatabaseName>,
) -> Result<(), DatabaseError> {
    if let Some(template) = template {
        let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
        match unless_there(run(connection, copy).await) {
            Ok(()) => return Ok(()),
            Err(error) => tracing::warn!(%error, "the template could not be copied"),
        }
    }
    let create = format!("CREATE DATABASE {name} TEMPLATE template0");
    unless_there(run(connection, create).await)
}

/// `42P04`: there is a database of this name.
fn unless_there(created: Result<(), DatabaseError>) -> Result<(), DatabaseError> {
    match created {
        Err(error) if error.code().as_deref() == Some("42P04") => Ok(()),
        other => other,
    }
}

/// The random half of the id.
fn lock_key(tenant: TenantId) -> i64 {
    let (_, random) = tenant.0.as_u64_pair();
    random.cast_signed()
}
