use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use job_engine::NewJob;
use job_engine::recurring::Overlap;
use job_engine::storage::advancing::Entries;
use job_engine::storage::{
    Advance, Advanced, DueRecord, DueRecurring, JobId, KEPT_RUNS, NewRun, RecurringRecord,
    StorageError, UNKNOWN_KIND_PATIENCE,
};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::records::{record, records};
use crate::convert::{column, delay_micros, duration, rows, text, timestamp, unavailable};
use crate::enqueuing::store;

const DUE: &str = records!(
    "where look_at <= statement_timestamp()
  and (kind = any($1) or look_at <= statement_timestamp() - $2 * interval '1 microsecond')
order by look_at, id
limit $3"
);

/// The time, and in how many microseconds the next one is due.
const NOW_AND_NEXT: &str = "
select (extract(epoch from statement_timestamp()) * 1000000)::bigint as now,
  (
    select (extract(epoch from look_at - statement_timestamp()) * 1000000)::bigint
    from job_engine.recurring
    where look_at > statement_timestamp() and kind = any($1)
    order by look_at
    limit 1
  ) as next_in";

const LIVING: &str = "
select latest.job
from (
  select job from job_engine.recurring_runs
  where recurring_job = $1 and job is not null
  order by number desc
  limit 100
) latest
join lateral (
  select state from job_engine.jobs where id = latest.job limit 1
) j on j.state not in ('Succeeded', 'Failed', 'Deleted')";

/// Those that another server holds are its business.
const LOCK: &str = "
select id from job_engine.recurring where id = any($1) order by id for update skip locked";

const MOVE_ON: &str = "
update job_engine.recurring r
set revision = r.revision + 1, runs = r.runs + plan.runs, error = plan.error,
  next_at = 'epoch'::timestamptz + plan.next_at * interval '1 microsecond',
  look_at = 'epoch'::timestamptz + plan.look_at * interval '1 microsecond',
  changed_at = statement_timestamp()
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
  as plan (id, revision, next_at, look_at, error, runs)
where r.id = plan.id and r.revision = plan.revision
returning r.id, r.runs - plan.runs + 1 as first";

const STORED: &str = "
select wanted.id
from unnest($1::uuid[]) as wanted (id)
join lateral (select from job_engine.jobs where id = wanted.id limit 1) j on true";

const NOTE: &str = "
insert into job_engine.recurring_runs (recurring_job, number, at, until, noted_at, cause, job, note)
select recurring_job, number, 'epoch'::timestamptz + at * interval '1 microsecond',
  'epoch'::timestamptz + until * interval '1 microsecond', statement_timestamp(), cause, job, note
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::uuid[], $7::text[])
  as run (recurring_job, number, at, until, cause, job, note)";

const FORGET: &str = "
delete from job_engine.recurring_runs r
using job_engine.recurring j
where j.id = any($1) and r.recurring_job = j.id and r.number <= j.runs - $2
  and (r.job is null or r.state is not null)";

pub(super) async fn due(
    pool: &PgPool,
    kinds: &[String],
    limit: usize,
) -> Result<DueRecurring, StorageError> {
    let mut connection = pool.acquire().await.map_err(unavailable)?;
    let found = sqlx::query(DUE)
        .bind(kinds)
        .bind(delay_micros(UNKNOWN_KIND_PATIENCE))
        .bind(rows(limit))
        .fetch_all(&mut *connection)
        .await
        .map_err(unavailable)?;
    let mut due = Vec::with_capacity(found.len());
    for row in &found {
        let record = record(row)?;
        due.push(DueRecord {
            living: living(&mut connection, &record).await?,
            record,
        });
    }

    let row = sqlx::query(NOW_AND_NEXT)
        .bind(kinds)
        .fetch_one(&mut *connection)
        .await
        .map_err(unavailable)?;
    let next_in: Option<i64> = column(&row, "next_in")?;
    Ok(DueRecurring {
        now: timestamp(column(&row, "now")?)?,
        due,
        next_in: next_in.map(duration),
    })
}

async fn living(
    connection: &mut PgConnection,
    record: &RecurringRecord,
) -> Result<Vec<JobId>, StorageError> {
    if record.overlap == Overlap::Allow.name() {
        return Ok(Vec::new());
    }
    let jobs: Vec<Uuid> = sqlx::query_scalar(LIVING)
        .bind(&record.id)
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    Ok(jobs.into_iter().map(JobId).collect())
}

/// In the caller's transaction.
pub(crate) async fn advance(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    plans: &[Advance],
) -> sqlx::Result<HashMap<String, i64>> {
    let ids: Vec<&str> = plans.iter().map(|plan| plan.id.as_str()).collect();
    let locked: HashSet<String> = sqlx::query_scalar(LOCK)
        .bind(ids)
        .fetch_all(&mut *connection)
        .await?
        .into_iter()
        .collect();
    let plans: Vec<&Advance> = plans
        .iter()
        .filter(|plan| locked.contains(&plan.id))
        .collect();

    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    let moved = sqlx::query(MOVE_ON)
        .bind(
            plans
                .iter()
                .map(|plan| plan.id.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(plans.iter().map(|plan| plan.revision).collect::<Vec<_>>())
        .bind(
            plans
                .iter()
                .map(|plan| micros(plan.next_at))
                .collect::<Vec<_>>(),
        )
        .bind(
            plans
                .iter()
                .map(|plan| micros(plan.look_at))
                .collect::<Vec<_>>(),
        )
        .bind(
            plans
                .iter()
                .map(|plan| plan.error.as_deref().map(text))
                .collect::<Vec<_>>(),
        )
        .bind(
            plans
                .iter()
                .map(|plan| rows(plan.runs.len()))
                .collect::<Vec<_>>(),
        )
        .fetch_all(connection)
        .await?;
    moved
        .iter()
        .map(|row| Ok((row.try_get("id")?, row.try_get("first")?)))
        .collect()
}

/// Those of the jobs that are stored already.
async fn stored(
    connection: &mut PgConnection,
    entries: &Entries<'_>,
) -> sqlx::Result<HashSet<JobId>> {
    let ids: Vec<Uuid> = entries.jobs().map(|job| job.id.0).collect();
    let stored: Vec<Uuid> = sqlx::query_scalar(STORED)
        .bind(ids)
        .fetch_all(connection)
        .await?;
    Ok(stored.into_iter().map(JobId).collect())
}

async fn note(connection: &mut PgConnection, entries: &Entries<'_>) -> sqlx::Result<()> {
    fn each<T>(entries: &Entries<'_>, value: impl Fn(&NewRun) -> T) -> Vec<T> {
        entries.iter().map(|entry| value(&entry.run)).collect()
    }
    let recurring_jobs: Vec<&str> = entries.iter().map(|entry| entry.recurring_job).collect();
    let numbers: Vec<i64> = entries.iter().map(|entry| entry.number).collect();
    sqlx::query(NOTE)
        .bind(recurring_jobs)
        .bind(numbers)
        .bind(each(entries, |run| run.at.as_microsecond()))
        .bind(each(entries, |run| {
            run.until.map(Timestamp::as_microsecond)
        }))
        .bind(each(entries, |run| run.cause.name()))
        .bind(each(entries, |run| run.job.as_ref().map(|job| job.id.0)))
        .bind(each(entries, |run| run.note.as_deref().map(text)))
        .execute(connection)
        .await?;
    Ok(())
}

async fn forget(connection: &mut PgConnection, plans: &[Advance]) -> sqlx::Result<()> {
    sqlx::query(FORGET)
        .bind(
            plans
                .iter()
                .map(|plan| plan.id.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(KEPT_RUNS)
        .execute(connection)
        .await?;
    Ok(())
}
