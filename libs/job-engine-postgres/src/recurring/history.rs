use std::collections::HashMap;

use job_engine::storage::{JobId, Origin, RecurringRecord, RecurringRun, RunCause, StorageError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::convert::{self, column, rows, state, timestamp, unavailable};

/// Entries `r` with their jobs as they are now, or as they were when they expired.
macro_rules! runs {
    ($which:literal) => {
        concat!(
            "
select r.recurring_job, r.number, r.cause, r.job, r.note,
  coalesce(j.state, r.state)::text as state,
  coalesce(j.duration, r.duration) as duration,
  (extract(epoch from r.at) * 1000000)::bigint as at,
  (extract(epoch from r.until) * 1000000)::bigint as until,
  (extract(epoch from r.noted_at) * 1000000)::bigint as noted_at
from ",
            $which,
            "
left join lateral (
  select state, duration from job_engine.jobs where id = r.job limit 1
) j on true
order by r.number desc"
        )
    };
}

const RUNS: &str = runs!(
    "(
  select * from job_engine.recurring_runs
  where recurring_job = $1 and ($2::bigint is null or number < $2)
  order by number desc
  limit $3
) r"
);

const LAST_RUNS: &str = runs!(
    "unnest($1::text[]) as wanted (id)
cross join lateral (
  select * from job_engine.recurring_runs
  where recurring_job = wanted.id
  order by number desc
  limit 1
) r"
);

const ORIGIN: &str = "
select recurring_job, number, cause, (extract(epoch from at) * 1000000)::bigint as at
from job_engine.recurring_runs
where job = $1";

pub(super) async fn runs(
    pool: &PgPool,
    id: &str,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<RecurringRun>, StorageError> {
    let found = sqlx::query(RUNS)
        .bind(id)
        .bind(before)
        .bind(rows(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    found.iter().map(run).collect()
}

/// The newest entry of each, by the recurring job's id.
pub(super) async fn last_runs(
    pool: &PgPool,
    records: &[RecurringRecord],
) -> Result<HashMap<String, RecurringRun>, StorageError> {
    let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
    let found = sqlx::query(LAST_RUNS)
        .bind(ids)
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    let entry = |row: &PgRow| Ok((column(row, "recurring_job")?, run(row)?));
    found.iter().map(entry).collect()
}

/// The recurring job that created this job.
pub(crate) async fn origin(
    connection: &mut PgConnection,
    job: JobId,
) -> Result<Option<Origin>, StorageError> {
    let found = sqlx::query(ORIGIN)
        .bind(job.0)
        .fetch_optional(connection)
        .await
        .map_err(unavailable)?;
    let origin = |row: PgRow| {
        Ok(Origin {
            recurring_job: column(&row, "recurring_job")?,
            run: column(&row, "number")?,
            at: timestamp(column(&row, "at")?)?,
            cause: cause(column(&row, "cause")?)?,
        })
    };
    found.map(origin).transpose()
}

fn run(row: &PgRow) -> Result<RecurringRun, StorageError> {
    let job: Option<Uuid> = column(row, "job")?;
    let until: Option<i64> = column(row, "until")?;
    let last_state: Option<&str> = column(row, "state")?;
    let duration: Option<i64> = column(row, "duration")?;
    Ok(RecurringRun {
        number: column(row, "number")?,
        at: timestamp(column(row, "at")?)?,
        until: until.map(timestamp).transpose()?,
        cause: cause(column(row, "cause")?)?,
        note: column(row, "note")?,
        noted_at: timestamp(column(row, "noted_at")?)?,
        job: job.map(JobId),
        state: last_state.map(state).transpose()?,
        duration: duration.map(convert::duration),
    })
}

fn cause(name: &str) -> Result<RunCause, StorageError> {
    RunCause::of_name(name)
        .ok_or_else(|| StorageError::Corrupt(format!("`{name}` is no cause of a run")))
}
