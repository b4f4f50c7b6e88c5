//! The past in numbers: what was counted when it happened, never by looking at jobs.

use jiff::Timestamp;
use job_engine::State;
use job_engine::storage::{ErrorGroup, Resolution, StorageError, Throughput};
use sqlx::PgPool;

use crate::convert::{column, count, error_report, rows, state, timestamp, unavailable};

const THROUGHPUT: &str = "
select state::text, sum(jobs)::bigint as jobs,
  (extract(epoch from at) * 1000000)::bigint as at
from (
  select at, state, jobs from job_engine.throughput
  where resolution = $1 and at >= 'epoch'::timestamptz + $2 * interval '1 microsecond'
  union all
  select date_trunc($1, at, 'UTC'), state, jobs from job_engine.tally
  where jobs > 0 and at >= 'epoch'::timestamptz + $2 * interval '1 microsecond'
) as counted
group by counted.at, state
order by counted.at";

const ERROR_GROUPS: &str = "
select kind, error_group, sum(jobs)::bigint as jobs, sum(failures)::bigint as failures,
  (extract(epoch from min(first_at)) * 1000000)::bigint as first_at,
  (extract(epoch from max(last_at)) * 1000000)::bigint as last_at,
  (array_agg(error order by last_at desc) filter (where error is not null))[1] as error
from (
  select kind, error_group, jobs, failures, first_at, last_at, error from job_engine.error_groups
  union all
  select kind, error_group, jobs, greatest(jobs, 0), at, at, error from job_engine.error_tally
) as counted
group by kind, error_group
having sum(jobs) > 0 and max(last_at) is not null
order by max(last_at) desc, kind, error_group
limit $1";

/// Adds the differences up, so that they stay few, and forgets what is too old.
const SUM_TALLY: &str = "
with summed as (
  delete from job_engine.tally returning state, jobs, at
), kept as (
  insert into job_engine.throughput as t (resolution, at, state, jobs)
  select resolution, date_trunc(resolution, summed.at, 'UTC'), state, sum(jobs)
  from summed cross join unnest(array['minute', 'hour', 'day']) as resolution
  where jobs > 0 and summed.at is not null
  group by 1, 2, 3
  order by 1, 2, 3
  on conflict (resolution, at, state) do update set jobs = t.jobs + excluded.jobs
), forgotten as (
  delete from job_engine.throughput
  where at < statement_timestamp() - interval '1 second' * case resolution
    when 'minute' then $1::bigint when 'hour' then $2::bigint else $3::bigint end
)
insert into job_engine.tally (state, jobs, at)
select state, sum(jobs), null from summed group by state";

const SUM_ERRORS: &str = "
with summed as (
  delete from job_engine.error_tally returning kind, error_group, jobs, at, error
)
insert into job_engine.error_groups as g
  (kind, error_group, jobs, failures, first_at, last_at, error)
select kind, error_group, sum(jobs), sum(greatest(jobs, 0)), min(at), max(at),
  (array_agg(error order by at desc) filter (where error is not null))[1]
from summed
group by kind, error_group
order by kind, error_group
on conflict (kind, error_group) do update
set jobs = g.jobs + excluded.jobs, failures = g.failures + excluded.failures,
  first_at = least(g.first_at, excluded.first_at),
  last_at = greatest(g.last_at, excluded.last_at), error = coalesce(excluded.error, g.error)";

pub(crate) async fn throughput(
    pool: &PgPool,
    resolution: Resolution,
    since: Timestamp,
) -> Result<Vec<Throughput>, StorageError> {
    let counted = sqlx::query(THROUGHPUT)
        .bind(resolution.name())
        .bind(since.as_microsecond())
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;

    let mut spans: Vec<Throughput> = Vec::new();
    for row in &counted {
        let at = timestamp(column(row, "at")?)?;
        let jobs = count(column(row, "jobs")?);
        if spans.last().is_none_or(|span| span.at != at) {
            spans.push(Throughput {
                at,
                ..Throughput::default()
            });
        }
        let span = spans.last_mut().expect("one was just added");
        match state(column(row, "state")?)? {
            State::Succeeded => span.succeeded = jobs,
            State::Failed => span.failed = jobs,
            State::Scheduled => span.retried = jobs,
            State::Deleted => span.deleted = jobs,
            _ => {}
        }
    }
    Ok(spans)
}

pub(crate) async fn error_groups(
    pool: &PgPool,
    limit: usize,
) -> Result<Vec<ErrorGroup>, StorageError> {
    let groups = sqlx::query(ERROR_GROUPS)
        .bind(rows(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    let group = |row| {
        Ok(ErrorGroup {
            kind: column(row, "kind")?,
            group: column(row, "error_group")?,
            jobs: count(column(row, "jobs")?),
            failures: count(column(row, "failures")?),
            first_at: timestamp(column(row, "first_at")?)?,
            last_at: timestamp(column(row, "last_at")?)?,
            error: error_report(column(row, "error")?)?,
        })
    };
    groups.iter().map(group).collect()
}

pub(crate) async fn sum_up(pool: &PgPool) -> Result<(), StorageError> {
    let [minute, hour, day] = Resolution::ALL
        .map(|resolution| i64::try_from(resolution.kept_for().as_secs()).unwrap_or(i64::MAX));
    sqlx::query(SUM_TALLY)
        .bind(minute)
        .bind(hour)
        .bind(day)
        .execute(pool)
        .await
        .map_err(unavailable)?;
    sqlx::query(SUM_ERRORS)
        .execute(pool)
        .await
        .map_err(unavailable)?;
    Ok(())
}
