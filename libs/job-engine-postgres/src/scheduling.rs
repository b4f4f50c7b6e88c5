//! What the passing of time does to jobs.

use std::time::Instant;

use job_engine::storage::{DueJobs, StorageError, reasons};
use sqlx::PgPool;

use crate::convert::{duration, rows, unavailable};
use crate::schedule::Schedule;

/// Answers how many were moved, and the last of the times for which they waited.
const ENQUEUE_DUE: &str = "
with due as (
  select id from job_engine.waiting
  where due_at <= statement_timestamp()
    and due_at >= coalesce(timestamptz 'epoch' + $3 * interval '1 microsecond', '-infinity')
  order by due_at, id
  limit $1
  for update skip locked
), moved as (
  delete from job_engine.waiting w using due where w.id = due.id returning w.*
), past as (
  insert into job_engine.history (job, stage, attempt, changed_at, due_at, state, reason)
  select id, stages, attempts, changed_at, due_at, 'Scheduled', reason from moved
), enqueued as (
  insert into job_engine.ready
    (id, created_at, enqueued_at, epoch, attempts, abandoned, stages, priority, kind, queue, reason,
     error, arguments, tenant, tags, version, trace, limit_key, batch, awaited)
  select id, created_at, statement_timestamp(), epoch, attempts, abandoned, stages + 1, priority,
    kind, queue, $2, error, arguments, tenant, tags, version, trace, limit_key, batch, awaited
  from moved
)
select count(*), (extract(epoch from max(due_at)) * 1000000)::bigint from moved";

/// In microseconds.
const NEXT_DUE: &str = "
select (extract(epoch from due_at - statement_timestamp()) * 1000000)::bigint
from job_engine.waiting
where due_at < 'infinity'
  and due_at >= coalesce(timestamptz 'epoch' + $1 * interval '1 microsecond', '-infinity')
order by due_at
limit 1";

pub(crate) async fn enqueue_due(
    pool: &PgPool,
    schedule: &Schedule,
    limit: usize,
) -> Result<DueJobs, StorageError> {
    let from = schedule.begin();
    let start = Instant::now();
    let (enqueued, until): (i64, Option<i64>) = sqlx::query_as(ENQUEUE_DUE)
        .bind(rows(limit))
        .bind(reasons::DUE)
        .bind(from)
        .fetch_one(pool)
        .await
        .map_err(unavailable)?;
    if from.is_none() {
        schedule.looked(u32::try_from(enqueued).unwrap_or(u32::MAX), start.elapsed());
    }
    if let Some(until) = until {
        schedule.moved(until);
    }

    let next: Option<i64> = sqlx::query_scalar(NEXT_DUE)
        .bind(schedule.begin_after_look())
        .fetch_optional(pool)
        .await
        .map_err(unavailable)?;
    Ok(DueJobs {
        enqueued: usize::try_from(enqueued).unwrap_or_default(),
        next_in: next.map(duration),
    })
}
