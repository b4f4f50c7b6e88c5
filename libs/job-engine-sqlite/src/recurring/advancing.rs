use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use job_engine::NewJob;
use job_engine::recurring::Overlap;
use job_engine::storage::advancing::Entries;
use job_engine::storage::{
    Advance, Advanced, DueRecord, DueRecurring, JobId, KEPT_RUNS, RecurringRecord, StorageError,
    UNKNOWN_KIND_PATIENCE,
};
use serde_json::json;
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::records::record;
use crate::clock::now;
use crate::convert::{delay_micros, duration, rows, text, timestamp, unavailable};
use crate::enqueuing::store;

/// `$2` is a JSON array of kinds.
const DUE: &str = "
select * from job_engine_recurring
where look_at <= $1
  and (kind in (select value from json_each($2)) or look_at <= $3)
order by look_at, id
limit $4";

const NEXT: &str = "
select min(look_at) from job_engine_recurring
where look_at > $1 and kind in (select value from json_each($2))";

const LIVING: &str = "
select id from job_engine_jobs
where state not in ('Succeeded', 'Failed', 'Deleted') and id in (
  select job from job_engine_recurring_runs
  where recurring_job = $1 and job is not null
  order by number desc
  limit 100
)";

/// Answers the number of the first new entry.
const MOVE_ON: &str = "
update job_engine_recurring
set revision = revision + 1, runs = runs + $3, next_at = $4, look_at = $5, error = $6,
  changed_at = $7
where id = $1 and revision = $2
returning runs - $3 + 1";

const IS_STORED: &str = "select exists (select 1 from job_engine_jobs where id = $1)";

const NOTE: &str = "
insert into job_engine_recurring_runs
  (recurring_job, number, at, until, noted_at, cause, job, note)
values ($1, $2, $3, $4, $5, $6, $7, $8)";

const FORGET: &str = "
delete from job_engine_recurring_runs
where recurring_job = $1 and (job is null or state is not null)
  and number <= (select runs from job_engine_recurring where id = $1) - $2";

pub(super) async fn due(
    pool: &SqlitePool,
    kinds: &[String],
    limit: usize,
) -> Result<DueRecurring, StorageError> {
    let now = now();
    let kinds = json!(kinds).to_string();
    let found = sqlx::query(DUE)
        .bind(now)
        .bind(&kinds)
        .bind(now - delay_micros(UNKNOWN_KIND_PATIENCE))
        .bind(rows(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    let mut due = Vec::with_capacity(found.len());
    for row in &found {
        let record = record(row)?;
        due.push(DueRecord {
            living: living(pool, &record).await?,
            record,
        });
    }

    let next: Option<i64> = sqlx::query_scalar(NEXT)
        .bind(now)
        .bind(&kinds)
        .fetch_one(pool)
        .await
        .map_err(unavailable)?;
    Ok(DueRecurring {
        now: timestamp(now)?,
        due,
        next_in: next.map(|next| duration(next - now)),
    })
}

async fn living(pool: &SqlitePool, record: &RecurringRecord) -> Result<Vec<JobId>, StorageError> {
    if record.overlap == Overlap::Allow.name() {
        return Ok(Vec::new());
    }
    let jobs: Vec<Uuid> = sqlx::query_scalar(LIVING)
        .bind(&record.id)
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    Ok(jobs.into_iter().map(JobId).collect())
}

/// In the caller's transaction.
pub(crate) async fn advance(
    connection: &mut SqliteConnection,
    plans: &[Advance],
) -> Result<Vec<Advanced>, StorageError> {
    let firsts = move_on(connection, plans).await.map_err(unavailable)?;
    let mut entries = Entries::of(plans, firsts);
    let stored = stored(connection, &entries).await.map_err(unavailable)?;
    entries.leave_out(stored);
    let jobs: Vec<NewJob> = entries.jobs().cloned().collect();
    let duplicates = store(connection, &jobs).await?;
    entries.skip(&duplicates);
    note(connection, &entries).await.map_err(unavailable)?;
    forget(connection, plans).await.map_err(unavailable)?;
    Ok(entries.outcomes(&duplicates))
}

/// The number of the first new entry of each that has the revision of its plan.
async fn move_on(
    connection: &mut SqliteConnection,
    plans: &[Advance],
) -> sqlx::Result<HashMap<String, i64>> {
    let mut firsts = HashMap::with_capacity(plans.len());
    for plan in plans {
        let moved: Option<i64> = sqlx::query_scalar(MOVE_ON)
            .bind(&plan.id)
            .bind(plan.revision)
            .bind(rows(plan.runs.len()))
            .bind(plan.next_at.map(Timestamp::as_microsecond))
            .bind(plan.look_at.map(Timestamp::as_microsecond))
            .bind(plan.error.as_deref().map(text))
            .bind(now())
            .fetch_optional(&mut *connection)
            .await?;
        firsts.extend(moved.map(|first| (plan.id.clone(), first)));
    }
    Ok(firsts)
}

/// Those of the jobs that are stored already.
async fn stored(
    connection: &mut SqliteConnection,
    entries: &Entries<'_>,
) -> sqlx::Result<HashSet<JobId>> {
    let mut stored = HashSet::new();
    for job in entries.jobs() {
        let is_stored = sqlx::query_scalar(IS_STORED).bind(job.id.0);
        if is_stored.fetch_one(&mut *connection).await? {
            stored.insert(job.id);
        }
    }
    Ok(stored)
}

async fn note(connection: &mut SqliteConnection, entries: &Entries<'_>) -> sqlx::Result<()> {
    for entry in entries.iter() {
        let run = &entry.run;
        sqlx::query(NOTE)
            .bind(entry.recurring_job)
            .bind(entry.number)
            .bind(run.at.as_microsecond())
            .bind(run.until.map(Timestamp::as_microsecond))
            .bind(now())
            .bind(run.cause.name())
            .bind(run.job.as_ref().map(|job| job.id.0))
            .bind(run.note.as_deref().map(text))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn forget(connection: &mut SqliteConnection, plans: &[Advance]) -> sqlx::Result<()> {
    for plan in plans {
        let forgotten = sqlx::query(FORGET).bind(&plan.id).bind(KEPT_RUNS);
        forgotten.execute(&mut *connection).await?;
    }
    Ok(())
}
