use job_engine::storage::StorageError;
use job_engine::storage::check::{check_order, repeated_keys, without};
use job_engine::{Duplicate, NewJob, count_enqueued};
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;

use crate::enqueuing::{ENQUEUE_AWAITING, ENQUEUE_LATER, ENQUEUE_NOW, all_inserted};
use crate::following::{AWAIT_PARENTS, JOIN_BATCHES, Keys, TAKE_KEYS, Waits, batches, duplicates};
use crate::rows::{AwaitingRows, LaterRows, Rows, Sorted, range};

/// Enqueues the jobs in the caller's transaction, as [`enqueue`](crate::enqueue) does in one of
/// sqlx.
pub async fn enqueue(
    transaction: &Transaction<'_>,
    jobs: &[NewJob],
) -> Result<Vec<Duplicate>, StorageError> {
    let duplicates = store(transaction, jobs).await?;
    count_enqueued(jobs, &duplicates);
    Ok(duplicates)
}

async fn store(
    transaction: &Transaction<'_>,
    jobs: &[NewJob],
) -> Result<Vec<Duplicate>, StorageError> {
    if jobs.iter().all(NewJob::is_plain) {
        insert(transaction, Sorted::of(jobs)).await?;
        return Ok(Vec::new());
    }

    check_order(jobs)?;
    let mut duplicates = repeated_keys(jobs);
    duplicates.extend(take_keys(transaction, &without(jobs, &duplicates)).await?);
    let jobs = without(jobs, &duplicates);
    execute(transaction, JOIN_BATCHES, &[&batches(&jobs)]).await?;
    insert(transaction, Sorted::of(jobs.iter().copied())).await?;
    let Waits { children, parents } = Waits::of(&jobs);
    execute(transaction, AWAIT_PARENTS, &[&children, &parents]).await?;
    Ok(duplicates)
}

async fn insert(transaction: &Transaction<'_>, sorted: Sorted<'_>) -> Result<(), StorageError> {
    let Sorted {
        now,
        later,
        awaiting,
    } = sorted;
    if !now.ids.is_empty() {
        let (lowest, highest) = range(&now.ids);
        let mut columns = columns(&now);
        columns.extend([&lowest as &(dyn ToSql + Sync), &highest]);
        let inserted = execute(transaction, ENQUEUE_NOW, &columns).await?;
        all_inserted(now.ids.len(), inserted)?;
    }
    if !later.rows.ids.is_empty() {
        let inserted = execute(transaction, ENQUEUE_LATER, &later_columns(&later)).await?;
        all_inserted(later.rows.ids.len(), inserted)?;
    }
    if !awaiting.reasons.is_empty() {
        let inserted = execute(transaction, ENQUEUE_AWAITING, &awaiting_columns(&awaiting)).await?;
        all_inserted(awaiting.reasons.len(), inserted)?;
    }
    Ok(())
}

async fn take_keys(
    transaction: &Transaction<'_>,
    jobs: &[&NewJob],
) -> Result<Vec<Duplicate>, StorageError> {
    let keys = Keys::of(jobs);
    let columns: [&(dyn ToSql + Sync); 6] = [
        &keys.jobs,
        &keys.kinds,
        &keys.names,
        &keys.states,
        &keys.holds,
        &keys.replacements,
    ];
    let answers = transaction
        .query(TAKE_KEYS, &columns)
        .await
        .map_err(StorageError::unavailable)?;
    Ok(duplicates(
        answers.iter().map(|row| (row.get(0), row.get(1))),
    ))
}

async fn execute(
    transaction: &Transaction<'_>,
    statement: &str,
    columns: &[&(dyn ToSql + Sync)],
) -> Result<u64, StorageError> {
    transaction
        .execute(statement, columns)
        .await
        .map_err(StorageError::unavailable)
}

fn columns<'a>(rows: &'a Rows<'_>) -> Vec<&'a (dyn ToSql + Sync)> {
    vec![
        &rows.ids,
        &rows.kinds,
        &rows.queues,
        &rows.priorities,
        &rows.arguments,
        &rows.tenants,
        &rows.tags,
        &rows.versions,
        &rows.traces,
        &rows.limit_keys,
        &rows.batches,
    ]
}

fn later_columns<'a>(later: &'a LaterRows<'_>) -> Vec<&'a (dyn ToSql + Sync)> {
    let mut all = columns(&later.rows);
    all.push(&later.delays);
    all.push(&later.times);
    all
}

fn awaiting_columns<'a>(awaiting: &'a AwaitingRows<'_>) -> Vec<&'a (dyn ToSql + Sync)> {
    let mut all = later_columns(&awaiting.later);
    all.push(&awaiting.continue_on);
    all.push(&awaiting.reasons);
    all
}
