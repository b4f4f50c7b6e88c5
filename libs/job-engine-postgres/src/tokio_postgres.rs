use job_engine::NewJob;
use job_engine::storage::StorageError;
use tokio_postgres::Transaction;

use crate::enqueuing::{ENQUEUE_LATER, ENQUEUE_NOW, LaterRows, Rows, all_inserted};

/// Enqueues the jobs in the caller's transaction, as [`enqueue`](crate::enqueue) does in one of
/// sqlx.
pub async fn enqueue(transaction: &Transaction<'_>, jobs: &[NewJob]) -> Result<(), StorageError> {
    let (now, later) = Rows::of(jobs);
    if !now.ids.is_empty() {
        insert_now(transaction, now).await?;
    }
    if !later.rows.ids.is_empty() {
        insert_later(transaction, later).await?;
    }
    Ok(())
}

async fn insert_now(transaction: &Transaction<'_>, rows: Rows<'_>) -> Result<(), StorageError> {
    let inserted = transaction
        .execute(
            ENQUEUE_NOW,
            &[
                &rows.ids,
                &rows.kinds,
                &rows.queues,
                &rows.priorities,
                &rows.arguments,
                &rows.tenants,
                &rows.tags,
                &rows.versions,
                &rows.limit_keys,
            ],
        )
        .await
        .map_err(StorageError::unavailable)?;
    all_inserted(rows.ids.len(), inserted)
}

async fn insert_later(
    transaction: &Transaction<'_>,
    later: LaterRows<'_>,
) -> Result<(), StorageError> {
    let inserted = transaction
        .execute(
            ENQUEUE_LATER,
            &[
                &later.rows.ids,
                &later.rows.kinds,
                &later.rows.queues,
                &later.rows.priorities,
                &later.rows.arguments,
                &later.rows.tenants,
                &later.rows.tags,
                &later.rows.versions,
                &later.rows.limit_keys,
                &later.delays,
                &later.times,
            ],
        )
        .await
        .map_err(StorageError::unavailable)?;
    all_inserted(later.rows.ids.len(), inserted)
}
