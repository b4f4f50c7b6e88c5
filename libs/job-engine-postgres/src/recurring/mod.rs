//! Recurring jobs: their records, their steps and their history.

mod advancing;
mod history;
mod records;

use async_trait::async_trait;
use jiff::Timestamp;
use job_engine::storage::{
    Advance, Advanced, DueRecurring, RecurringPage, RecurringQuery, RecurringRecord, RecurringRun,
    RecurringStorage, StorageError,
};

use crate::PostgresStorage;
use crate::convert::{timestamp, unavailable};
use crate::transaction::begin;

pub(crate) use advancing::advance;
pub(crate) use history::origin;
pub(crate) use records::{remove, save};

const TIME: &str = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";

#[async_trait]
impl RecurringStorage for PostgresStorage {
    async fn time(&self) -> Result<Timestamp, StorageError> {
        let micros = sqlx::query_scalar(TIME).fetch_one(&self.engine).await;
        timestamp(micros.map_err(unavailable)?)
    }

    async fn save_recurring(&self, record: &RecurringRecord) -> Result<bool, StorageError> {
        let saved = save(&self.engine, record).await?;
        if saved {
            self.announce_recurring();
        }
        Ok(saved)
    }

    async fn remove_recurring(&self, id: &str) -> Result<bool, StorageError> {
        remove(&self.engine, id).await
    }

    async fn due_recurring(
        &self,
        kinds: &[String],
        limit: usize,
    ) -> Result<DueRecurring, StorageError> {
        advancing::due(&self.engine, kinds, limit).await
    }

    async fn advance_recurring(&self, plans: &[Advance]) -> Result<Vec<Advanced>, StorageError> {
        let mut transaction = begin(&self.engine).await.map_err(unavailable)?;
        let advanced = advance(&mut transaction, plans).await?;
        transaction.commit().await.map_err(unavailable)?;
        if !plans.iter().all(Advance::is_plain) {
            self.spread_news().await;
        }
        self.announce_jobs();
        Ok(advanced)
    }

    async fn recurring_job(&self, id: &str) -> Result<Option<RecurringRecord>, StorageError> {
        records::find(&self.engine, id).await
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
