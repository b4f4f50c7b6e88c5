//! What the passing of time does to jobs.

use std::time::{Duration, Instant};

use job_engine::storage::{DueJobs, StorageError, reasons};
use sqlx::PgPool;

use crate::convert::{delay_micros, duration, rows, unavailable};
use crate::schedule::Schedule;
use crate::throughput;

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
     error, arguments, tenant, tags, version, limit_key, batch, awaited)
  select id, created_at, statement_timestamp(), epoch, attempts, abandoned, stages + 1, priority,
    kind, queue, $2, error, arguments, tenant, tags, version, limit_key, batch, awaited
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

const REMOVE_EXPIRED: &str = "
with expired as (
  select id from job_engine.finished
  where state = any ('{Succeeded,Deleted}')
    and changed_at <= statement_timestamp() - $1 * interval '1 microsecond'
  limit $2
  for update skip locked
), removed as (
  delete from job_engine.finished f using expired where f.id = expired.id
  returning f.id, f.state, f.duration
), counted as (
  insert into job_engine.tally (state, jobs) select state, -count(*) from removed group by state
), past as (
  delete from job_engine.history h using removed where h.job = removed.id
), noted as (
  update job_engine.recurring_runs r set state = removed.state, duration = removed.duration
  from removed
  where r.job = removed.id
), said as (
  delete from job_engine.log l using removed where l.job = removed.id
), progress as (
  delete from job_engine.progress p using removed where p.job = removed.id
), keys as (
  delete from job_engine.unique_keys k using removed
  where k.job = removed.id and (k.held_until is null or k.held_until <= statement_timestamp())
)
select count(*) from removed";

/// Slots that count towards nothing: a period is a day at most.
const FORGET_SLOTS: &str = "
delete from job_engine.slots s
where s.taken_at < statement_timestamp() - interval '25 hours'
  and not exists (
    select from job_engine.ready r
    where r.id = s.job and r.epoch = s.epoch and r.server is not null
  )";

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

pub(crate) async fn remove_expired(
    pool: &PgPool,
    retention: Duration,
    limit: usize,
) -> Result<usize, StorageError> {
    let removed: i64 = sqlx::query_scalar(REMOVE_EXPIRED)
        .bind(delay_micros(retention))
        .bind(rows(limit))
        .fetch_one(pool)
        .await
        .map_err(unavailable)?;
    throughput::sum_up(pool).await?;
    sqlx::query(FORGET_SLOTS)
        .execute(pool)
        .await
        .map_err(unavailable)?;
    Ok(usize::try_from(removed).unwrap_or_default())
}
