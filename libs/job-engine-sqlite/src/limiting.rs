use std::time::Duration;

use async_trait::async_trait;
use job_engine::Storage;
use job_engine::storage::{
    HoldUps, JobId, Limit, Limited, Limits, SeenLimit, StorageError, UnknownKind,
};
use sqlx::SqliteConnection;
use tokio::time::Instant;

use crate::SqliteStorage;
use crate::clock::now;
use crate::convert::{column, count, delay_micros, micros, text, timestamp, unavailable};
use crate::monitor;
use crate::slots::{self, parts};

const PAUSE: &str = "
insert into job_engine_pauses (queue, since, \"by\", reason)
values ($1, $2, $3, $4)
on conflict (queue) do update set \"by\" = excluded.\"by\", reason = excluded.reason";

const PAUSE_RUNNING: &str = "
insert into job_engine_pauses (queue, since, \"by\", reason)
values ($1, $2, $3, $4)
on conflict (queue) do nothing";

const RESUME: &str = "delete from job_engine_pauses where queue = $1";

const SET_LIMIT: &str = "
insert into job_engine_limits (scope, name, concurrency, rate_jobs, rate_period)
values ($1, $2, $3, $4, $5)
on conflict (scope, name) do update
set concurrency = excluded.concurrency, rate_jobs = excluded.rate_jobs,
  rate_period = excluded.rate_period";

/// What runs in the queue already.
const COUNT_RUNNING: &str = "
insert into job_engine_slots (scope, name, job, epoch, taken_at)
select 'queue', queue, id, epoch, claimed_at from job_engine_jobs
where state = 'Processing' and queue = $1
on conflict do nothing";

/// A waiting job, and the pause of its queue if there is one.
const WAITING: &str = "
select job.queue, limit_key, since, \"by\", pauses.reason
from job_engine_jobs as job
left join job_engine_pauses as pauses on pauses.queue = job.queue
where job.id = $1 and job.state = 'Enqueued'";

/// From the index of the newest jobs alone: one that is `Enqueued` has changed when it was enqueued.
const UNKNOWN_KINDS: &str = "
select kind, count(*) as jobs, min(changed_at) as since
from job_engine_jobs
where state = 'Enqueued' and kind not in (
  select known.value from job_engine_servers, json_each(kinds) as known
  where heartbeat_at > $1
)
group by kind
order by kind";

const REMOVE_LIMIT: &str = "delete from job_engine_limits where scope = $1 and name = $2";

const LIMIT_OF: &str = "
select scope, name, concurrency, rate_jobs, rate_period
from job_engine_limits where scope = $1 and name = $2";

const LIMITS: &str = "
select scope, name, concurrency, rate_jobs, rate_period from job_engine_limits
order by scope desc, name";

#[async_trait]
impl Limits for SqliteStorage {
    async fn pause_queue(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError> {
        let mut write = self.writer.durable().await?;
        pause(&mut write.transaction, queue, by, reason).await?;
        write.commit().await
    }

    async fn resume_queue(&self, queue: &str) -> Result<bool, StorageError> {
        let mut write = self.writer.durable().await?;
        let was_paused = resume(&mut write.transaction, queue).await?;
        write.commit().await?;
        self.announce_enqueued();
        Ok(was_paused)
    }

    async fn set_limit(&self, of: &Limited, limit: Limit) -> Result<(), StorageError> {
        let mut write = self.writer.durable().await?;
        set(&mut write.transaction, of, limit).await?;
        write.commit().await?;
        self.announce_enqueued();
        Ok(())
    }

    async fn remove_limit(&self, of: &Limited) -> Result<bool, StorageError> {
        let mut write = self.writer.durable().await?;
        let was_limited = remove(&mut write.transaction, of).await?;
        write.commit().await?;
        self.announce_enqueued();
        Ok(was_limited)
    }

    async fn hold_ups(&self, job: JobId) -> Result<HoldUps, StorageError> {
        let mut connection = self.pool.acquire().await.map_err(unavailable)?;
        let waiting = sqlx::query(WAITING)
            .bind(job.0)
            .fetch_optional(&mut *connection)
            .await
            .map_err(unavailable)?;
        let Some(waiting) = waiting else {
            return Ok(HoldUps::default());
        };

        let queue = Limited::Queue(column(&waiting, "queue")?);
        let key: Option<String> = column(&waiting, "limit_key")?;
        let mut limits = Vec::new();
        for of in [queue].into_iter().chain(key.map(Limited::Key)) {
            limits.extend(slots::used(&mut connection, of).await?);
        }
        Ok(HoldUps {
            pause: monitor::pause(&waiting)?,
            limits,
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
            .bind(now() - delay_micros(alive_within))
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
        let limits = sqlx::query(LIMITS)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        limits.iter().map(slots::limit).collect()
    }
}

pub(crate) async fn pause(
    connection: &mut SqliteConnection,
    queue: &str,
    by: &str,
    reason: &str,
) -> Result<(), StorageError> {
    sqlx::query(PAUSE)
        .bind(queue)
        .bind(now())
        .bind(text(by))
        .bind(text(reason))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// Answers whether it was running, and so is paused now.
pub(crate) async fn pause_running(
    connection: &mut SqliteConnection,
    queue: &str,
    by: &str,
    reason: &str,
) -> Result<bool, StorageError> {
    let paused = sqlx::query(PAUSE_RUNNING)
        .bind(queue)
        .bind(now())
        .bind(text(by))
        .bind(text(reason))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(paused.rows_affected() > 0)
}

/// Answers whether it was paused.
pub(crate) async fn resume(
    connection: &mut SqliteConnection,
    queue: &str,
) -> Result<bool, StorageError> {
    let resumed = sqlx::query(RESUME)
        .bind(queue)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(resumed.rows_affected() > 0)
}

/// Whether the limit that somebody saw is in force still.
pub(crate) async fn is_as_seen(
    connection: &mut SqliteConnection,
    of: &Limited,
    seen: SeenLimit,
) -> Result<bool, StorageError> {
    let (scope, name) = parts(of);
    let now = sqlx::query(LIMIT_OF)
        .bind(scope)
        .bind(name)
        .fetch_optional(connection)
        .await
        .map_err(unavailable)?;
    let now = now.as_ref().map(slots::limit).transpose()?;
    Ok(seen.is_still(now.map(|(_, now)| now)))
}

pub(crate) async fn set(
    connection: &mut SqliteConnection,
    of: &Limited,
    limit: Limit,
) -> Result<(), StorageError> {
    let (scope, name) = parts(of);
    sqlx::query(SET_LIMIT)
        .bind(scope)
        .bind(name)
        .bind(limit.at_once)
        .bind(limit.rate.map(|rate| rate.jobs))
        .bind(limit.rate.map(|rate| micros(rate.period)))
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    if let Limited::Queue(queue) = of {
        sqlx::query(COUNT_RUNNING)
            .bind(queue)
            .execute(connection)
            .await
            .map_err(unavailable)?;
    }
    Ok(())
}

/// Answers whether there was one.
pub(crate) async fn remove(
    connection: &mut SqliteConnection,
    of: &Limited,
) -> Result<bool, StorageError> {
    let (scope, name) = parts(of);
    let removed = sqlx::query(REMOVE_LIMIT)
        .bind(scope)
        .bind(name)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(removed.rows_affected() > 0)
}
