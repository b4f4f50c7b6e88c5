//! The past in numbers: what was counted when it happened, never by looking at jobs.

use jiff::Timestamp;
use job_engine::State;
use job_engine::storage::{ErrorGroup, Resolution, StorageError, Throughput};
use sqlx::{SqliteConnection, SqlitePool};

use crate::convert::{column, count, error_report, micros, rows, state, timestamp, unavailable};

/// A minute, an hour and a day in one statement. `$2` is now.
const COUNT: &str = "
insert into job_engine_throughput (resolution, at, state, jobs)
values
  ('minute', $2 / 60000000 * 60000000, $1, $3),
  ('hour', $2 / 3600000000 * 3600000000, $1, $3),
  ('day', $2 / 86400000000 * 86400000000, $1, $3)
on conflict do update set jobs = jobs + excluded.jobs";

const THROUGHPUT: &str = "
select at, state, jobs from job_engine_throughput
where resolution = $1 and at >= $2
order by at";

const FORGET: &str = "
delete from job_engine_throughput where resolution = $1 and at < $2";

const ERROR_GROUPS: &str = "
select kind, error_group, jobs, failures, first_at, last_at, error
from job_engine_error_groups
where jobs > 0
order by last_at desc, kind, error_group
limit $1";

/// Counts that so many jobs came into a state.
pub(crate) async fn count_arrivals(
    connection: &mut SqliteConnection,
    state: State,
    jobs: usize,
    now: i64,
) -> Result<(), StorageError> {
    if jobs == 0 {
        return Ok(());
    }
    sqlx::query(COUNT)
        .bind(state.name())
        .bind(now)
        .bind(rows(jobs))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// Forgets what is too old.
pub(crate) async fn forget(
    connection: &mut SqliteConnection,
    now: i64,
) -> Result<(), StorageError> {
    for resolution in Resolution::ALL {
        sqlx::query(FORGET)
            .bind(resolution.name())
            .bind(now - micros(resolution.kept_for()))
            .execute(&mut *connection)
            .await
            .map_err(unavailable)?;
    }
    Ok(())
}

pub(crate) async fn throughput(
    pool: &SqlitePool,
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
    pool: &SqlitePool,
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
