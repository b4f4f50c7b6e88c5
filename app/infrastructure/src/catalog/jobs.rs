use application::ports::{BackgroundJobs, CatalogError};
use async_trait::async_trait;
use job_engine::NewJob;

use super::SqlTransaction;
use crate::database::Link;

#[async_trait]
impl BackgroundJobs for SqlTransaction {
    async fn add(&mut self, job: NewJob) -> Result<(), CatalogError> {
        let jobs = [job];
        let added = match self.records.link() {
            Link::Postgres(connection) => job_engine_postgres::enqueue(connection, &jobs).await,
            Link::Sqlite(connection) => job_engine_sqlite::enqueue(connection, &jobs).await,
        };
        added.map_err(|error| CatalogError::Unavailable(Box::new(error)))?;
        self.has_enqueued = true;
        Ok(())
    }
}
