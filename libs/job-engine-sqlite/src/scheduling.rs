//! What the passing of time does to jobs.

use std::time::Duration;

use job_engine::storage::{DueJobs, Limit, StorageError, reasons};
use sqlx::SqlitePool;

use crate::convert::{delay_micros, duration, micros, now, rows, unavailable};
use crate::recurring::remember_ends;
use crate::throughput;
use crate::writer::Writer;

const NEXT_DUE: &str = "select min(due_at) from job_engine_jobs where state = 'Scheduled'";

const REMEMBER_DUE: &str = "
insert into job_engine_history (job, stage, attempt, state, changed_at, due_at, reason)
select id, stages, attempts, state, changed_at, due_at, reason
from job_engine_jobs
where state = 'Scheduled' and due_at <= $1
order by due_at, id
limit $2";

const ENQUEUE_DUE: &str = "
update job_engine_jobs
set state = 'Enqueued', changed_at = $1, enqueued_at = $1, enqueue_reason = $3, due_at = null,
  reason = null, stages = stages + 1
where id in (
  select id from job_engine_jobs
  where state = 'Scheduled' and due_at <= $1
  order by due_at, id
  limit $2
)";

/// The history first: it is found by the jobs that are to go.
const FORGET_EXPIRED: &str = "
delete from job_engine_history
where job in (
  select id from job_engine_jobs
  where state in ('Succeeded', 'Deleted') and ended_at <= $1
  order by state, ended_at, id
  limit $2
)";

const FORGET_LOG: &str = "
delete from job_engine_log
where job in (
  select id from job_engine_jobs
  where state in ('Succeeded', 'Deleted') and ended_at <= $1
  order by state, ended_at, id
  limit $2
)";

const REMOVE_EXPIRED: &str = "
delete from job_engine_jobs
where id in (
  select id from job_engine_jobs
  where state in ('Succeeded', 'Deleted') and ended_at <= $1
  order by state, ended_at, id
  limit $2
)";

/// Slots of keys that nobody uses any more: a period is a day at most.
const FORGET_SLOTS: &str = "
delete from job_engine_slots
where taken_at <= $1 and not exists (
  select 1 from job_engine_jobs as held
  where held.id = job_engine_slots.job and held.epoch = job_engine_slots.epoch
    and held.state = 'Processing'
)";

const FORGET_KEYS: &str = "
delete from job_engine_keys
where coalesce(held_until, 0) <= $1
  and not exists (select 1 from job_engine_jobs where id = job_engine_keys.job)";

const ANY_EXPIRED: &str = "
select exists (
  select 1 from job_engine_jobs where state in ('Succeeded', 'Deleted') and ended_at <= $1
)";

pub(crate) async fn enqueue_due(
    pool: &SqlitePool,
    writer: &Writer,
    limit: usize,
) -> Result<DueJobs, StorageError> {
    let mut enqueued = 0;
    // A scheduler that has nothing to do only reads.
    if next_due(pool).await?.is_some_and(|due_at| due_at <= now()) {
        enqueued = move_due(writer, limit).await?;
    }

    let next = next_due(pool).await?;
    Ok(DueJobs {
        enqueued,
        next_in: next.map(|due_at| duration(due_at - now())),
    })
}

async fn next_due(pool: &SqlitePool) -> Result<Option<i64>, StorageError> {
    sqlx::query_scalar(NEXT_DUE)
        .fetch_one(pool)
        .await
        .map_err(unavailable)
}

async fn move_due(writer: &Writer, limit: usize) -> Result<usize, StorageError> {
    let mut write = writer.quick().await?;
    let now = now();
    sqlx::query(REMEMBER_DUE)
        .bind(now)
        .bind(rows(limit))
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    let moved = sqlx::query(ENQUEUE_DUE)
        .bind(now)
        .bind(rows(limit))
        .bind(reasons::DUE)
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    write.commit().await?;
    Ok(usize::try_from(moved.rows_affected()).unwrap_or(usize::MAX))
}

pub(crate) async fn remove_expired(
    pool: &SqlitePool,
    writer: &Writer,
    retention: Duration,
    limit: usize,
) -> Result<usize, StorageError> {
    let before = now() - delay_micros(retention);
    let any: bool = sqlx::query_scalar(ANY_EXPIRED)
        .bind(before)
        .fetch_one(pool)
        .await
        .map_err(unavailable)?;
    if !any {
        return Ok(0);
    }

    let mut write = writer.quick().await?;
    remember_ends(&mut write.transaction, before, limit).await?;
    let mut removed = 0;
    for statement in [FORGET_EXPIRED, FORGET_LOG, REMOVE_EXPIRED] {
        removed = sqlx::query(statement)
            .bind(before)
            .bind(rows(limit))
            .execute(&mut *write.transaction)
            .await
            .map_err(unavailable)?
            .rows_affected();
    }
    sqlx::query(FORGET_SLOTS)
        .bind(now() - micros(2 * Limit::LONGEST_PERIOD))
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    throughput::forget(&mut write.transaction, now()).await?;
    sqlx::query(FORGET_KEYS)
        .bind(now())
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    write.commit().await?;
    Ok(usize::try_from(removed).unwrap_or(usize::MAX))
}
