//! The catalogue: tenants, users, notifications, and the jobs beside them.

mod jobs;
mod notifications;
mod one_time_links;
mod pool;
mod schema;
mod sessions;
mod sign_in_failures;
mod tenants;
mod users;

use std::sync::Arc;

use application::ports::{
    BackgroundJobs, Catalog, CatalogError, Notifications, OneTimeLinks, Records, Sessions,
    SignInFailures, Tenants, Transaction, Users,
};
use async_trait::async_trait;
use job_engine::Storage;

pub use pool::{Pool, Turn};
pub use schema::CATALOG;

use crate::database::{Held, Link};

/// The catalogue in PostgreSQL or SQLite.
#[derive(Debug)]
pub struct SqlCatalog {
    pool: Pool,
    storage: Arc<dyn Storage>,
}

impl SqlCatalog {
    pub fn new(pool: Pool, storage: Arc<dyn Storage>) -> Self {
        Self { pool, storage }
    }
}

#[async_trait]
impl Catalog for SqlCatalog {
    async fn read(&self) -> Result<Box<dyn Records>, CatalogError> {
        let held = self.pool.acquire().await?;
        Ok(Box::new(SqlRecords { held }))
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, CatalogError> {
        let held = self.pool.begin().await?;
        Ok(Box::new(SqlTransaction {
            records: SqlRecords { held },
            pool: self.pool.clone(),
            storage: Arc::clone(&self.storage),
            has_enqueued: false,
        }))
    }
}

/// The records, by way of one connection.
#[derive(Debug)]
pub struct SqlRecords {
    held: Held,
}

impl SqlRecords {
    fn link(&mut self) -> Link<'_> {
        self.held.link()
    }
}

impl Records for SqlRecords {
    fn tenants(&mut self) -> &mut dyn Tenants {
        self
    }

    fn users(&mut self) -> &mut dyn Users {
        self
    }

    fn sessions(&mut self) -> &mut dyn Sessions {
        self
    }

    fn one_time_links(&mut self) -> &mut dyn OneTimeLinks {
        self
    }

    fn sign_in_failures(&mut self) -> &mut dyn SignInFailures {
        self
    }

    fn notifications(&mut self) -> &mut dyn Notifications {
        self
    }
}

/// A change of the records and the jobs that follow from it.
#[derive(Debug)]
pub struct SqlTransaction {
    records: SqlRecords,
    pool: Pool,
    storage: Arc<dyn Storage>,
    has_enqueued: bool,
}

impl Records for SqlTransaction {
    fn tenants(&mut self) -> &mut dyn Tenants {
        &mut self.records
    }

    fn users(&mut self) -> &mut dyn Users {
        &mut self.records
    }

    fn sessions(&mut self) -> &mut dyn Sessions {
        &mut self.records
    }

    fn one_time_links(&mut self) -> &mut dyn OneTimeLinks {
        &mut self.records
    }

    fn sign_in_failures(&mut self) -> &mut dyn SignInFailures {
        &mut self.records
    }

    fn notifications(&mut self) -> &mut dyn Notifications {
        &mut self.records
    }
}

#[async_trait]
impl Transaction for SqlTransaction {
    fn jobs(&mut self) -> &mut dyn BackgroundJobs {
        self
    }

    async fn commit(self: Box<Self>) -> Result<(), CatalogError> {
        self.records.held.commit().await?;
        if self.has_enqueued {
            self.storage.announce_enqueued();
            self.pool.make_durable().await?;
        }
        Ok(())
    }
}
