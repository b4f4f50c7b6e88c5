use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use job_engine::Storage;
use job_engine::storage::{
    HoldUps, JobId, Limit, Limited, Limits, Pause, Rate, Room, SeenLimit, StorageError,
    UnknownKind, UsedLimit,
};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, PgPool};
use tokio::time::Instant;
use uuid::Uuid;

use crate::PostgresStorage;
use crate::convert::{
    column, count, delay_micros, duration, micros, text, timestamp, unavailable, unsigned,
};
use crate::transaction::begin;

const PAUSE: &str = "
insert into job_engine.pauses (queue, since, by, reason)
values ($1, clock_timestamp(), $2, $3)
on conflict (queue) do update set by = excluded.by, reason = excluded.reason";

const PAUSE_RUNNING: &str = "
insert into job_engine.pauses (queue, since, by, reason)
values ($1, clock_timestamp(), $2, $3)
on conflict (queue) do nothing";

const RESUME: &str = "delete from job_engine.pauses where queue = $1";

const PAUSES: &str = "
select queue, (extract(epoch from since) * 1000000)::bigint as since, by, reason
from job_engine.pauses";

/// Claims that count already keep their slots.
const SET_LIMIT: &str = "
insert into job_engine.limits (scope, name, concurrency, rate_jobs, rate_period)
values ($1, $2, $3, $4, $5)
on conflict (scope, name) do update
set concurrency = excluded.concurrency, rate_jobs = excluded.rate_jobs,
  rate_period = excluded.rate_period
returning xmax = 0";

/// What runs in the queue that is limited from now on.
const COUNT_RUNNING: &str = "
insert into job_engine.slots (scope, name, number, job, epoch, taken_at)
select 'queue', $1, highest.number + row_number() over (), r.id, r.epoch, r.claimed_at
from job_engine.ready r, (
  select coalesce(max(s.number), 0) as number
  from job_engine.slots s where s.scope = 'queue' and s.name = $1
) as highest
where r.queue = $1 and r.server is not null
  and not exists (
    select from job_engine.slots s
    where s.scope = 'queue' and s.name = $1 and s.job = r.id and s.epoch = r.epoch
  )";

const PAUSE_OF: &str = "
select (extract(epoch from p.since) * 1000000)::bigint as since, p.by, p.reason
from job_engine.ready r join job_engine.pauses p on p.queue = r.queue
where r.id = $1 and r.server is null";

const USED_LIMITS: &str = "
with job as (
  select queue, limit_key from job_engine.ready where id = $1 and server is null
), under as (
  select 'queue' as scope, job.queue as name, l as rule
  from job join job_engine.limits l on l.scope = 'queue' and l.name = job.queue
  union all
  select 'key', job.limit_key, l
  from job cross join lateral job_engine.limit_of_key(job.limit_key) l
  where job.limit_key is not null
)
select u.scope, u.name, (u.rule).concurrency, (u.rule).rate_jobs, (u.rule).rate_period, r.free,
  r.opens_in,
  array(
    select s.job from job_engine.slots s
    where s.scope = u.scope and s.name = u.name and exists (
      select from job_engine.ready held
      where held.id = s.job and held.epoch = s.epoch and held.server is not null
    )
    order by s.taken_at, s.job limit 10
  ) as held_by
from under u cross join lateral job_engine.room(u.scope, u.name, u.rule) r
order by u.scope desc";

const UNKNOWN_KINDS: &str = "
select kind, count(*) as jobs, (extract(epoch from min(enqueued_at)) * 1000000)::bigint as since
from job_engine.ready
where server is null and kind <> all (
  select unnest(kinds) from job_engine.servers
  where heartbeat_at > clock_timestamp() - $1 * interval '1 microsecond'
)
group by kind
order by kind";

const REMOVE_LIMIT: &str = "delete from job_engine.limits where scope = $1 and name = $2";

const LIMIT_OF: &str = "
select scope, name, concurrency, rate_jobs, rate_period
from job_engine.limits where scope = $1 and name = $2
for update";

const LIMITS: &str = "
select scope, name, concurrency, rate_jobs, rate_period from job_engine.limits";

#[async_trait]
impl Limits for PostgresStorage {
    async fn pause_queue(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError> {
        pause(&self.engine, queue, by, reason).await
    }

    async fn resume_queue(&self, queue: &str) -> Result<bool, StorageError> {
        let was_paused = resume(&self.engine, queue).await?;
        self.announce_enqueued();
        Ok(was_paused)
    }

    async fn set_limit(&self, of: &Limited, limit: Limit) -> Result<(), StorageError> {
        let mut transaction = begin(&self.engine).await.map_err(unavailable)?;
        set(&mut transaction, of, limit).await?;
        transaction.commit().await.map_err(unavailable)?;
        self.announce_enqueued();
        Ok(())
    }

    async fn remove_limit(&self, of: &Limited) -> Result<bool, StorageError> {
        let was_limited = remove(&self.engine, of).await?;
        self.announce_enqueued();
        Ok(was_limited)
    }

    async fn hold_ups(&self, job: JobId) -> Result<HoldUps, StorageError> {
        let pause = sqlx::query(PAUSE_OF)
            .bind(job.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
        let limits = sqlx::query(USED_LIMITS)
            .bind(job.0)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        Ok(HoldUps {
            pause: pause.as_ref().map(read_pause).transpose()?,
            limits: limits.iter().map(used).collect::<Result<_, _>>()?,
        })
    }

    async fn unknown_kinds(
        &self,
        alive_within: Duration,
    ) -> Result<Vec<UnknownKind>, StorageError> {
        if let Some(remembered) = self.unknown_kinds.remembered(&alive_within) {
            return Ok(remembered);
        }
        let asked = Instant::now();
        let kinds = sqlx::query(UNKNOWN_KINDS)
            .bind(delay_micros(alive_within))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        let unknown = |row| {
            Ok(UnknownKind {
                kind: column(row, "kind")?,
                jobs: count(column(row, "jobs")?),
                waiting_since: timestamp(column(row, "since")?)?,
            })
        };
        let kinds = kinds.iter().map(unknown).collect::<Result<_, _>>()?;
        self.unknown_kinds.found(alive_within, &kinds, asked);
        Ok(kinds)
    }

    async fn limits(&self) -> Result<Vec<(Limited, Limit)>, StorageError> {
        let limits = limits(&self.pool).await?;
        Ok(limits.into_iter().collect())
    }
}

pub(crate) async fn pause(
    executor: impl PgExecutor<'_>,
    queue: &str,
    by: &str,
    reason: &str,
) -> Result<(), StorageError> {
    sqlx::query(PAUSE)
        .bind(queue)
        .bind(text(by))
        .bind(text(reason))
        .execute(executor)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// Answers whether it was running, and so is paused now.
pub(crate) async fn pause_running(
    executor: impl PgExecutor<'_>,
    queue: &str,
    by: &str,
    reason: &str,
) -> Result<bool, StorageError> {
    let paused = sqlx::query(PAUSE_RUNNING)
        .bind(queue)
        .bind(text(by))
        .bind(text(reason))
        .execute(executor)
        .await
        .map_err(unavailable)?;
    Ok(paused.rows_affected() > 0)
}

/// Answers whether it was paused.
pub(crate) async fn resume(
    executor: impl PgExecutor<'_>,
    queue: &str,
) -> Result<bool, StorageError> {
    let resumed = sqlx::query(RESUME)
        .bind(queue)
        .execute(executor)
        .await
        .map_err(unavailable)?;
    Ok(resumed.rows_affected() > 0)
}

/// Whether the limit that somebody saw is in force still; it stays so while the transaction lasts.
pub(crate) async fn is_as_seen(
    connection: &mut PgConnection,
    of: &Limited,
    seen: SeenLimit,
) -> Result<bool, StorageError> {
    if seen == SeenLimit::Unseen {
        return Ok(true);
    }
    // Whoever sets one where there is none waits here as well.
    lock_slots(connection).await.map_err(unavailable)?;
    let (scope, name) = parts(of);
    let now = sqlx::query(LIMIT_OF)
        .bind(scope)
        .bind(name)
        .fetch_optional(connection)
        .await
        .map_err(unavailable)?;
    let now = now.as_ref().map(limit).transpose()?;
    Ok(seen.is_still(now.map(|(_, now)| now)))
}

pub(crate) async fn set(
    connection: &mut PgConnection,
    of: &Limited,
    limit: Limit,
) -> Result<(), StorageError> {
    store(connection, of, limit).await.map_err(unavailable)
}

/// Answers whether there was one.
pub(crate) async fn remove(
    executor: impl PgExecutor<'_>,
    of: &Limited,
) -> Result<bool, StorageError> {
    let (scope, name) = parts(of);
    let removed = sqlx::query(REMOVE_LIMIT)
        .bind(scope)
        .bind(name)
        .execute(executor)
        .await
        .map_err(unavailable)?;
    Ok(removed.rows_affected() > 0)
}

/// Every limit of a queue, by its name.
pub(crate) async fn limits_of_queues(
    pool: &PgPool,
) -> Result<BTreeMap<String, Limit>, StorageError> {
    let limits = limits(pool).await?.into_iter();
    Ok(limits
        .filter_map(|(of, limit)| Some((of.queue()?.clone(), limit)))
        .collect())
}

/// Every pause, by its queue.
pub(crate) async fn pauses(pool: &PgPool) -> Result<BTreeMap<String, Pause>, StorageError> {
    let rows = sqlx::query(PAUSES)
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    rows.iter()
        .map(|row| {
            let pause = read_pause(row)?;
            Ok((column(row, "queue")?, pause))
        })
        .collect()
}

async fn store(connection: &mut PgConnection, of: &Limited, limit: Limit) -> sqlx::Result<()> {
    let (scope, name) = parts(of);
    // No claim counts meanwhile.
    lock_slots(connection).await?;
    let is_new: bool = sqlx::query_scalar(SET_LIMIT)
        .bind(scope)
        .bind(name)
        .bind(limit.at_once.map(number))
        .bind(limit.rate.map(|rate| number(rate.jobs)))
        .bind(limit.rate.map(|rate| micros(rate.period)))
        .fetch_one(&mut *connection)
        .await?;
    if is_new && of.queue().is_some() {
        sqlx::query(COUNT_RUNNING)
            .bind(name)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn lock_slots(connection: &mut PgConnection) -> sqlx::Result<()> {
    let lock = sqlx::query("select job_engine.lock_slots()");
    lock.execute(connection).await.map(drop)
}

async fn limits(pool: &PgPool) -> Result<BTreeMap<Limited, Limit>, StorageError> {
    let rows = sqlx::query(LIMITS)
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    rows.iter().map(limit).collect()
}

fn read_pause(row: &PgRow) -> Result<Pause, StorageError> {
    Ok(Pause {
        by: column(row, "by")?,
        reason: column(row, "reason")?,
        since: timestamp(column(row, "since")?)?,
    })
}

fn used(row: &PgRow) -> Result<UsedLimit, StorageError> {
    let (of, limit) = limit(row)?;
    let free: i32 = column(row, "free")?;
    let opens_in: Option<i64> = column(row, "opens_in")?;
    let held_by: Vec<Uuid> = column(row, "held_by")?;
    Ok(UsedLimit {
        of,
        limit,
        room: Room {
            free: usize::try_from(free).unwrap_or_default(),
            opens_in: opens_in.map(duration),
        },
        held_by: held_by.into_iter().map(JobId).collect(),
    })
}

fn limit(row: &PgRow) -> Result<(Limited, Limit), StorageError> {
    let name = column(row, "name")?;
    let of = match column(row, "scope")? {
        "queue" => Limited::Queue(name),
        _ => Limited::Key(name),
    };
    let at_once: Option<i32> = column(row, "concurrency")?;
    let jobs: Option<i32> = column(row, "rate_jobs")?;
    let period: Option<i64> = column(row, "rate_period")?;
    let limit = Limit {
        at_once: at_once.map(unsigned),
        rate: jobs.zip(period).map(|(jobs, period)| Rate {
            jobs: unsigned(jobs),
            period: duration(period),
        }),
    };
    Ok((of, limit))
}

fn parts(of: &Limited) -> (&'static str, &str) {
    match of {
        Limited::Queue(name) => ("queue", name),
        Limited::Key(name) => ("key", name),
    }
}

fn number(jobs: u32) -> i32 {
    i32::try_from(jobs).unwrap_or(i32::MAX)
}
