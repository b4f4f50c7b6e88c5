use std::collections::HashMap;

use job_engine::storage::{JobId, Origin, RecurringRecord, RecurringRun, RunCause, StorageError};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use crate::convert::{self, column, rows, state, timestamp, unavailable};

/// With the jobs as they are now, or as they were when they expired.
const RUNS: &str = "
select r.recurring_job, r.number, r.at, r.until, r.noted_at, r.cause, r.job, r.note,
  coalesce(j.state, r.state) as state, coalesce(j.duration, r.duration) as duration
from job_engine_recurring_runs r
left join job_engine_jobs j on j.id = r.job
where r.recurring_job = $1 and ($2 is null or r.number < $2)
order by r.number desc
limit $3";

/// `$1` is a JSON array of ids.
const LAST_RUNS: &str = "
select r.recurring_job, r.number, r.at, r.until, r.noted_at, r.cause, r.job, r.note,
  coalesce(j.state, r.state) as state, coalesce(j.duration, r.duration) as duration
from json_each($1) wanted
join job_engine_recurring_runs r on r.recurring_job = wanted.value and r.number = (
  select max(number) from job_engine_recurring_runs where recurring_job = wanted.value
)
left join job_engine_jobs j on j.id = r.job";

const ORIGIN: &str = "
select recurring_job, number, at, cause from job_engine_recurring_runs where job = $1";

/// Of the jobs that are removed next.
const REMEMBER_ENDS: &str = "
update job_engine_recurring_runs
set state = ended.state, duration = ended.duration
from (
  select id, state, duration from job_engine_jobs
  where id in (select unhex(value) from json_each($1))
) ended
where job = ended.id";

pub(super) async fn runs(
    pool: &SqlitePool,
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
    pool: &SqlitePool,
    records: &[RecurringRecord],
) -> Result<HashMap<String, RecurringRun>, StorageError> {
    let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
    let found = sqlx::query(LAST_RUNS)
        .bind(json!(ids).to_string())
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    let entry = |row: &SqliteRow| Ok((column(row, "recurring_job")?, run(row)?));
    found.iter().map(entry).collect()
}

/// The recurring job that created this job.
pub(crate) async fn origin(
    connection: &mut SqliteConnection,
    job: JobId,
) -> Result<Option<Origin>, StorageError> {
    let found = sqlx::query(ORIGIN)
        .bind(job.0)
        .fetch_optional(connection)
        .await
        .map_err(unavailable)?;
    let origin = |row: SqliteRow| {
        Ok(Origin {
            recurring_job: column(&row, "recurring_job")?,
            run: column(&row, "number")?,
            at: timestamp(column(&row, "at")?)?,
            cause: cause(column(&row, "cause")?)?,
        })
    };
    found.map(origin).transpose()
}

/// Keeps what became of the jobs that are about to be removed.
pub(crate) async fn remember_ends(
    connection: &mut SqliteConnection,
    jobs: &str,
) -> Result<(), StorageError> {
    sqlx::query(REMEMBER_ENDS)
        .bind(jobs)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

fn run(row: &SqliteRow) -> Result<RecurringRun, StorageError> {
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
