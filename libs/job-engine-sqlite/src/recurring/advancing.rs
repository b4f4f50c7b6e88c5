use jiff::Timestamp;
use job_engine::recurring::Overlap;
use job_engine::storage::{
    Advance, Advanced, DueRecord, DueRecurring, JobId, KEPT_RUNS, NewRun, RecurringRecord,
    StorageError, UNKNOWN_KIND_PATIENCE,
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

/// Answers how many entries the history has then.
const MOVE_ON: &str = "
update job_engine_recurring
set revision = revision + 1, runs = runs + $3, next_at = $4, look_at = $5, error = $6,
  changed_at = $7
where id = $1 and revision = $2
returning runs";

const IS_KNOWN: &str = "select exists (select 1 from job_engine_jobs where id = $1)";

const NOTE: &str = "
insert into job_engine_recurring_runs
  (recurring_job, number, at, until, noted_at, cause, job, note)
values ($1, $2, $3, $4, $5, $6, $7, $8)";

const FORGET: &str = "
delete from job_engine_recurring_runs
where recurring_job = $1 and number <= $2 and (job is null or state is not null)";

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
    plan: &Advance,
) -> Result<Advanced, StorageError> {
    let Some(newest) = move_on(connection, plan).await.map_err(unavailable)? else {
        return Ok(Advanced::Stale);
    };
    let mut duplicates = Vec::new();
    let first = newest - rows(plan.runs.len()) + 1;
    for (run, number) in plan.runs.iter().zip(first..) {
        let mut duplicate = None;
        if let Some(job) = &run.job {
            if is_known(connection, job.id).await.map_err(unavailable)? {
                continue;
            }
            let jobs = std::slice::from_ref(job);
            duplicate = store(connection, jobs).await?.pop();
        }
        let skipped = duplicate.map(|duplicate| run.skipped_for(duplicate.of));
        let run = skipped.as_ref().unwrap_or(run);
        let noted = note(connection, &plan.id, number, run).await;
        noted.map_err(unavailable)?;
        duplicates.extend(duplicate);
    }
    let forgotten = sqlx::query(FORGET).bind(&plan.id).bind(newest - KEPT_RUNS);
    forgotten.execute(connection).await.map_err(unavailable)?;
    Ok(Advanced::Done(duplicates))
}

/// The number of its newest entry, or nothing if the revision is another one by now.
async fn move_on(connection: &mut SqliteConnection, plan: &Advance) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(MOVE_ON)
        .bind(&plan.id)
        .bind(plan.revision)
        .bind(rows(plan.runs.len()))
        .bind(plan.next_at.map(Timestamp::as_microsecond))
        .bind(plan.look_at.map(Timestamp::as_microsecond))
        .bind(plan.error.as_deref().map(text))
        .bind(now())
        .fetch_optional(connection)
        .await
}

async fn is_known(connection: &mut SqliteConnection, job: JobId) -> sqlx::Result<bool> {
    sqlx::query_scalar(IS_KNOWN)
        .bind(job.0)
        .fetch_one(connection)
        .await
}

async fn note(
    connection: &mut SqliteConnection,
    recurring_job: &str,
    number: i64,
    run: &NewRun,
) -> sqlx::Result<()> {
    sqlx::query(NOTE)
        .bind(recurring_job)
        .bind(number)
        .bind(run.at.as_microsecond())
        .bind(run.until.map(Timestamp::as_microsecond))
        .bind(now())
        .bind(run.cause.name())
        .bind(run.job.as_ref().map(|job| job.id.0))
        .bind(run.note.as_deref().map(text))
        .execute(connection)
        .await?;
    Ok(())
}
