//! What counts towards limits.

use job_engine::storage::{
    JobId, LATEST_START, Lease, Limit, Limited, Rate, Room, Slot, StorageError, UsedLimit,
};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::clock::now;
use crate::convert::{column, duration, micros, small, unavailable};

const LIMIT: &str = "
select scope, name, concurrency, rate_jobs, rate_period from job_engine_limits
where scope = $1 and name = $2";

const SLOTS: &str = "
select taken_at, exists (
  select 1 from job_engine_jobs as job
  where job.id = slot.job and job.epoch = slot.epoch and job.state = 'Processing'
) as is_held
from job_engine_slots as slot
where scope = $1 and name = $2";

const HELD_BY: &str = "
select slot.job from job_engine_slots as slot
where scope = $1 and name = $2 and exists (
  select 1 from job_engine_jobs as job
  where job.id = slot.job and job.epoch = slot.epoch and job.state = 'Processing'
)
order by taken_at, slot.job limit 10";

/// Claims that count no more are forgotten.
const FORGET: &str = "
delete from job_engine_slots
where scope = $1 and name = $2 and taken_at <= $3 and not exists (
  select 1 from job_engine_jobs as held
  where held.id = job_engine_slots.job and held.epoch = job_engine_slots.epoch
    and held.state = 'Processing'
)";

const TAKE: &str = "
insert into job_engine_slots (scope, name, job, epoch, taken_at) values ($1, $2, $3, $4, $5)";

/// What the limit of a queue or a key leaves; `None` when the queue has no limit.
pub(crate) async fn room(
    connection: &mut SqliteConnection,
    of: &Limited,
) -> Result<Option<Room>, StorageError> {
    let Some(limit) = limit_of(connection, of).await? else {
        return Ok(None);
    };
    let (scope, name) = parts(of);
    let slots = sqlx::query(SLOTS)
        .bind(scope)
        .bind(name)
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    let now = now();
    let slots = slots
        .iter()
        .map(|row| {
            let taken_at: i64 = column(row, "taken_at")?;
            Ok(Slot {
                is_held: column(row, "is_held")?,
                // Far in the future it was taken before the clock was set back.
                age: duration((now - taken_at).abs()),
            })
        })
        .collect::<Result<Vec<Slot>, StorageError>>()?;
    Ok(Some(limit.room(&slots)))
}

/// A limit that holds for a waiting job, and how much of it is used.
pub(crate) async fn used(
    connection: &mut SqliteConnection,
    of: Limited,
) -> Result<Option<UsedLimit>, StorageError> {
    let limit = limit_of(connection, &of).await?;
    let (Some(limit), Some(room)) = (limit, room(connection, &of).await?) else {
        return Ok(None);
    };
    let (scope, name) = parts(&of);
    let held_by: Vec<Uuid> = sqlx::query_scalar(HELD_BY)
        .bind(scope)
        .bind(name)
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    Ok(Some(UsedLimit {
        limit,
        room,
        held_by: held_by.into_iter().map(JobId).collect(),
        of,
    }))
}

/// Counts a claim towards a limit. Answers whether the limit has a rate.
pub(crate) async fn take(
    connection: &mut SqliteConnection,
    of: &Limited,
    lease: Lease,
    now: i64,
) -> Result<bool, StorageError> {
    let Some(limit) = limit_of(connection, of).await? else {
        return Ok(false);
    };
    let window = limit
        .rate
        .map_or(0, |rate| micros(rate.period + LATEST_START));
    let (scope, name) = parts(of);
    sqlx::query(FORGET)
        .bind(scope)
        .bind(name)
        .bind(now - window)
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    sqlx::query(TAKE)
        .bind(scope)
        .bind(name)
        .bind(lease.job.0)
        .bind(lease.epoch)
        .bind(now)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(limit.rate.is_some())
}

/// The limit that holds; every key has one.
async fn limit_of(
    connection: &mut SqliteConnection,
    of: &Limited,
) -> Result<Option<Limit>, StorageError> {
    let Limited::Key(key) = of else {
        return named(connection, of).await;
    };
    if let Some(limit) = named(connection, of).await? {
        return Ok(Some(limit));
    }
    let group = Limited::Key(Limited::group_of(key).to_owned());
    let limit = named(connection, &group).await?;
    Ok(Some(limit.unwrap_or(Limit::OF_A_KEY)))
}

async fn named(
    connection: &mut SqliteConnection,
    of: &Limited,
) -> Result<Option<Limit>, StorageError> {
    let (scope, name) = parts(of);
    let found = sqlx::query(LIMIT)
        .bind(scope)
        .bind(name)
        .fetch_optional(connection)
        .await
        .map_err(unavailable)?;
    Ok(found
        .as_ref()
        .map(limit)
        .transpose()?
        .map(|(_, limit)| limit))
}

pub(crate) fn limit(row: &SqliteRow) -> Result<(Limited, Limit), StorageError> {
    let name = column(row, "name")?;
    let of = match column(row, "scope")? {
        "queue" => Limited::Queue(name),
        _ => Limited::Key(name),
    };
    let at_once: Option<i64> = column(row, "concurrency")?;
    let jobs: Option<i64> = column(row, "rate_jobs")?;
    let period: Option<i64> = column(row, "rate_period")?;
    let limit = Limit {
        at_once: at_once.map(small),
        rate: jobs.zip(period).map(|(jobs, period)| Rate {
            jobs: small(jobs),
            period: duration(period),
        }),
    };
    Ok((of, limit))
}

pub(crate) fn parts(of: &Limited) -> (&'static str, &str) {
    match of {
        Limited::Queue(name) => ("queue", name),
        Limited::Key(name) => ("key", name),
    }
}
