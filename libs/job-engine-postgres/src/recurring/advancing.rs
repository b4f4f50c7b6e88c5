use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use job_engine::recurring::Overlap;
use job_engine::storage::{
    Advance, Advanced, DueRecord, DueRecurring, JobId, KEPT_RUNS, NewRun, RecurringRecord,
    StorageError, UNKNOWN_KIND_PATIENCE,
};
use job_engine::{Duplicate, NewJob};
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

const KNOWN: &str = "
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
    let first_numbers = move_on(connection, plans).await.map_err(unavailable)?;
    let entries: Vec<(&Advance, i64, &NewRun)> = plans
        .iter()
        .filter_map(|plan| Some((plan, *first_numbers.get(&plan.id)?)))
        .flat_map(|(plan, first)| numbered(plan, first))
        .collect();
    let known = known(connection, &entries).await.map_err(unavailable)?;
    let is_new = |run: &NewRun| {
        run.job
            .as_ref()
            .is_none_or(|job| !known.contains(&job.id.0))
    };
    let entries: Vec<_> = entries
        .into_iter()
        .filter(|(_, _, run)| is_new(run))
        .collect();

    let jobs: Vec<NewJob> = entries
        .iter()
        .filter_map(|(_, _, run)| run.job.clone())
        .collect();
    let duplicates = store(connection, &jobs).await?;
    let skipped = skipped(&entries, &duplicates);
    let noted = entries.iter().zip(&skipped);
    let entries: Vec<_> = noted
        .map(|((plan, number, run), skipped)| (*plan, *number, skipped.as_ref().unwrap_or(run)))
        .collect();
    note(connection, &entries).await.map_err(unavailable)?;
    forget(connection, plans).await.map_err(unavailable)?;
    let outcome = |plan: &Advance| {
        if first_numbers.contains_key(&plan.id) {
            return Advanced::Done(duplicates_of(plan, &duplicates));
        }
        Advanced::Stale
    };
    Ok(plans.iter().map(outcome).collect())
}

fn duplicates_of(plan: &Advance, duplicates: &[Duplicate]) -> Vec<Duplicate> {
    let jobs = || plan.runs.iter().filter_map(|run| run.job.as_ref());
    let is_its_own = |duplicate: &&Duplicate| jobs().any(|job| job.id == duplicate.job);
    duplicates.iter().filter(is_its_own).copied().collect()
}

/// What is noted instead of the runs whose jobs were not stored.
fn skipped(entries: &[(&Advance, i64, &NewRun)], duplicates: &[Duplicate]) -> Vec<Option<NewRun>> {
    let holders: HashMap<JobId, JobId> = duplicates.iter().map(|it| (it.job, it.of)).collect();
    let skipped = |(_, _, run): &(&Advance, i64, &NewRun)| {
        let holder = holders.get(&run.job.as_ref()?.id)?;
        Some(run.skipped_for(*holder))
    };
    entries.iter().map(skipped).collect()
}

fn numbered(plan: &Advance, first: i64) -> impl Iterator<Item = (&Advance, i64, &NewRun)> {
    plan.runs
        .iter()
        .zip(first..)
        .map(move |(run, number)| (plan, number, run))
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
async fn known(
    connection: &mut PgConnection,
    entries: &[(&Advance, i64, &NewRun)],
) -> sqlx::Result<HashSet<Uuid>> {
    let jobs = entries.iter().filter_map(|(_, _, run)| run.job.as_ref());
    let ids: Vec<Uuid> = jobs.map(|job| job.id.0).collect();
    let known = sqlx::query_scalar(KNOWN)
        .bind(ids)
        .fetch_all(connection)
        .await?;
    Ok(known.into_iter().collect())
}

async fn note(
    connection: &mut PgConnection,
    entries: &[(&Advance, i64, &NewRun)],
) -> sqlx::Result<()> {
    let runs = || entries.iter().map(|(_, _, run)| *run);
    sqlx::query(NOTE)
        .bind(
            entries
                .iter()
                .map(|(plan, _, _)| plan.id.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            entries
                .iter()
                .map(|(_, number, _)| *number)
                .collect::<Vec<_>>(),
        )
        .bind(
            runs()
                .map(|run| run.at.as_microsecond())
                .collect::<Vec<_>>(),
        )
        .bind(
            runs()
                .map(|run| run.until.map(Timestamp::as_microsecond))
                .collect::<Vec<_>>(),
        )
        .bind(runs().map(|run| run.cause.name()).collect::<Vec<_>>())
        .bind(
            runs()
                .map(|run| run.job.as_ref().map(|job| job.id.0))
                .collect::<Vec<_>>(),
        )
        .bind(
            runs()
                .map(|run| run.note.as_deref().map(text))
                .collect::<Vec<_>>(),
        )
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
