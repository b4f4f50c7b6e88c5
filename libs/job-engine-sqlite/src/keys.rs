//! Jobs of which there is one at a time.

use job_engine::storage::{JobId, StorageError, reasons};
use job_engine::unique::{Duplicates, Unique};
use job_engine::{Duplicate, NewJob};
use serde_json::{Value, json};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::commanding;
use crate::convert::{delay_micros, unavailable};

/// The job that holds a key at the time `$3`, and whether it still waits to be run.
const HOLDER: &str = "
select held.job,
  coalesce((
    select state in ('Enqueued', 'Scheduled', 'Awaiting') from job_engine_jobs where id = held.job
  ), 0) as waits
from job_engine_keys as held
where held.kind = $1 and held.key = $2
  and (held.held_until > $3 or exists (
    select 1 from job_engine_jobs as job
    where job.id = held.job and job.state in (select value from json_each(held.states))
  ))";

const TAKE: &str = "
insert or replace into job_engine_keys (kind, key, job, states, held_until)
values ($1, $2, $3, $4, $5)";

/// Takes the keys that jobs want; answers the jobs that do not get theirs.
pub(crate) async fn take(
    connection: &mut SqliteConnection,
    jobs: &[&NewJob],
    now: i64,
) -> Result<Vec<Duplicate>, StorageError> {
    let mut duplicates = Vec::new();
    for job in jobs {
        let Some(unique) = &job.unique else { continue };
        match holder(connection, job, unique, now).await? {
            Some(of) => duplicates.push(Duplicate { job: job.id, of }),
            None => take_one(connection, job, unique, now).await?,
        }
    }
    Ok(duplicates)
}

/// Who holds the key; one that may be replaced is, and holds it no more.
async fn holder(
    connection: &mut SqliteConnection,
    job: &NewJob,
    unique: &Unique,
    now: i64,
) -> Result<Option<JobId>, StorageError> {
    let found: Option<(Uuid, bool)> = sqlx::query_as(HOLDER)
        .bind(&job.kind)
        .bind(&unique.key)
        .bind(now)
        .fetch_optional(&mut *connection)
        .await
        .map_err(unavailable)?;
    match found {
        Some((holder, true)) if unique.duplicate == Duplicates::Replace => {
            commanding::delete(connection, JobId(holder), reasons::REPLACED).await?;
            Ok(None)
        }
        found => Ok(found.map(|(holder, _)| JobId(holder))),
    }
}

async fn take_one(
    connection: &mut SqliteConnection,
    job: &NewJob,
    unique: &Unique,
    now: i64,
) -> Result<(), StorageError> {
    let states: Value = unique.states.iter().map(|it| json!(it.name())).collect();
    sqlx::query(TAKE)
        .bind(&job.kind)
        .bind(&unique.key)
        .bind(job.id.0)
        .bind(states.to_string())
        .bind(unique.within.map(|time| now + delay_micros(time)))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}
