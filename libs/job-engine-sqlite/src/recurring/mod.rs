//! Recurring jobs: their records, their steps and their history.

mod advancing;
mod history;
mod records;

use async_trait::async_trait;
use jiff::Timestamp;
use job_engine::Storage;
use job_engine::storage::{
    Advance, Advanced, DueRecurring, RecurringPage, RecurringQuery, RecurringRecord, RecurringRun,
    RecurringStorage, StorageError,
};

use crate::SqliteStorage;
use crate::clock::now;
use crate::convert::timestamp;

pub(crate) use advancing::advance;
pub(crate) use history::{origin, remember_ends};
pub(crate) use records::{remove, save};

#[async_trait]
impl RecurringStorage for SqliteStorage {
    async fn time(&self) -> Result<Timestamp, StorageError> {
        timestamp(now())
    }

    async fn save_recurring(&self, record: &RecurringRecord) -> Result<bool, StorageError> {
        let mut write = self.writer.durable().await?;
        let saved = save(&mut write.transaction, record).await?;
        write.commit().await?;
        if saved {
            self.announce_recurring();
        }
        Ok(saved)
    }

    async fn remove_recurring(&self, id: &str) -> Result<bool, StorageError> {
        let mut write = self.writer.durable().await?;
        let removed = remove(&mut write.transaction, id).await?;
        write.commit().await?;
        Ok(removed)
    }

    async fn due_recurring(
        &self,
        kinds: &[String],
        limit: usize,
    ) -> Result<DueRecurring, StorageError> {
        advancing::due(&self.pool, kinds, limit).await
    }

    async fn advance_recurring(&self, plans: &[Advance]) -> Result<Vec<Advanced>, StorageError> {
        let mut write = self.writer.durable().await?;
        let advanced = advance(&mut write.transaction, plans).await?;
        write.commit().await?;
        self.announce_enqueued();
        Ok(advanced)
    }

    async fn recurring_job(&self, id: &str) -> Result<Option<RecurringRecord>, StorageError> {
        records::find(&self.pool, id).await
    }

    async fn recurring_jobs(&self, query: &RecurringQuery) -> Result<RecurringPage, StorageError> {
        records::list(&self.pool, query).await
    }

    async fn recurring_runs(
        &self,
        id: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<RecurringRun>, StorageError> {
        history::runs(&self.pool, id, before, limit).await
    }

    async fn recurring_changed(&self) {
        self.recurring_changed.notified().await;
    }
}
