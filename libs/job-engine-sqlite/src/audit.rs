use async_trait::async_trait;
use job_engine::Storage;
use job_engine::storage::{AuditEntry, AuditLog, CarriedOut, Deed, Order, StorageError};
use sqlx::SqliteConnection;

use crate::SqliteStorage;
use crate::{deeds, enqueuing, limiting, operations, recurring, servers};

#[async_trait]
impl AuditLog for SqliteStorage {
    async fn carry_out(&self, order: &Order, deed: &Deed) -> Result<CarriedOut, StorageError> {
        let mut write = self.writer.durable().await?;
        let carried_out = carry_out(&mut write.transaction, order).await?;
        if !carried_out.is_done() {
            return Ok(carried_out);
        }
        deeds::record(&mut write.transaction, deed).await?;
        write.commit().await?;
        match order {
            Order::SaveRecurring(_) => self.announce_recurring(),
            Order::BeginOperation(_) => self.operation_begun.notify_one(),
            _ => {}
        }
        self.announce_enqueued();
        Ok(carried_out)
    }

    async fn record(&self, deed: &Deed) -> Result<(), StorageError> {
        let mut write = self.writer.durable().await?;
        deeds::record(&mut write.transaction, deed).await?;
        write.commit().await
    }

    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StorageError> {
        deeds::before(&self.pool, before, limit).await
    }
}

async fn carry_out(
    connection: &mut SqliteConnection,
    order: &Order,
) -> Result<CarriedOut, StorageError> {
    let changed = match order {
        Order::Enqueue(job) => {
            let duplicates = enqueuing::enqueue(connection, std::slice::from_ref(job)).await?;
            duplicates.is_empty()
        }
        Order::PauseQueue { queue, by, reason } => {
            limiting::pause_running(connection, queue, by, reason).await?
        }
        Order::ResumeQueue { queue } => limiting::resume(connection, queue).await?,
        Order::SetLimit { of, limit, seen } => {
            let is_as_seen = limiting::is_as_seen(connection, of, *seen).await?;
            if is_as_seen {
                limiting::set(connection, of, *limit).await?;
            }
            is_as_seen
        }
        Order::RemoveLimit { of, seen } => {
            limiting::is_as_seen(connection, of, *seen).await?
                && limiting::remove(connection, of).await?
        }
        Order::OrderServer { server, order } => servers::order(connection, *server, *order).await?,
        Order::BeginOperation(new) => {
            operations::begin(connection, new).await?;
            true
        }
        Order::StopOperation(id) => operations::stop(connection, *id).await?,
        Order::SaveRecurring(record) => recurring::save(connection, record).await?,
        Order::RemoveRecurring { id } => recurring::remove(connection, id).await?,
        Order::AdvanceRecurring(plan) => {
            let plans = std::slice::from_ref(plan);
            return Ok(recurring::advance(connection, plans).await?.pop().into());
        }
    };
    Ok(changed.into())
}
