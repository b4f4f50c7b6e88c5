use async_trait::async_trait;
use jiff::Timestamp;
use job_engine::storage::{
    Counts, Cursor, ErrorGroup, JobDetails, JobId, JobQuery, JobSummary, Limit, LogLine, Monitor,
    Page, Pause, Progress, QueueSummary, Resolution, ServerId, ServerOrder, ServerSummary,
    StorageError, Throughput,
};
use job_engine::{BatchId, State};
use sqlx::sqlite::SqliteRow;
use tokio::time::Instant;
use uuid::Uuid;

use crate::SqliteStorage;
use crate::convert::{
    self, column, count, error_report, small, state, stored_version, tags, timestamp, unavailable,
};
use crate::noting;
use crate::recurring;
use crate::search;
use crate::slots;
use crate::stage;
use crate::throughput;

/// Counts of more jobs than this are remembered for a moment.
const MANY: u64 = 10_000;

const COUNTS: &str = "
select
  (select count(*) from job_engine_jobs where state = 'Enqueued') as enqueued,
  (select count(*) from job_engine_jobs where state = 'Scheduled') as scheduled,
  (select count(*) from job_engine_jobs where state = 'Scheduled' and attempts > 0) as retries,
  (select count(*) from job_engine_jobs where state = 'Awaiting') as awaiting,
  (select count(*) from job_engine_jobs where state = 'Processing') as processing,
  (select jobs from job_engine_totals where state = 'Succeeded') as succeeded,
  (select jobs from job_engine_totals where state = 'Failed') as failed,
  (select jobs from job_engine_totals where state = 'Deleted') as deleted";

const JOB: &str = "
select id, kind, queue, priority, tenant, tags, batch, state, reason, enqueue_reason, attempts,
  abandoned, arguments, version, trace, server, error, duration, created_at, changed_at, due_at, result,
  enqueued_at, claimed_at,
  server as claimed_by, attempts as attempt,
  iif(state in ('Enqueued', 'Processing'), null, state) as end_state
from job_engine_jobs
where id = $1";

/// The latest, as a job that snoozes for ever has a long past.
const HISTORY: &str = "
select $2 as queue, attempt, enqueued_at, enqueue_reason, claimed_at, server as claimed_by,
  state as end_state, changed_at, reason, due_at, duration, error, result
from job_engine_history
where job = $1
order by stage desc
limit 1000";

const IN_QUEUES: &str = "
select queue, count(*) as enqueued, 0 as processing, min(enqueued_at) as oldest
from job_engine_jobs
where state = 'Enqueued'
group by queue
union all
select queue, 0, count(*), null
from job_engine_jobs
where state = 'Processing'
group by queue";

const QUEUES: &str = "
select known.name as name, since, \"by\", pauses.reason, concurrency, rate_jobs, rate_period, scope
from (
  select name from job_engine_queues
  union select queue from job_engine_pauses
  union select name from job_engine_limits where scope = 'queue'
) as known
left join job_engine_pauses as pauses on pauses.queue = known.name
left join job_engine_limits as limits on limits.scope = 'queue' and limits.name = known.name
order by known.name";

const SERVERS: &str = "
select id, name, queues, kinds, workers, told, started_at, heartbeat_at,
  (select count(*) from job_engine_jobs
   where state = 'Processing' and server = job_engine_servers.id) as processing
from job_engine_servers
order by name, id";

#[async_trait]
impl Monitor for SqliteStorage {
    async fn counts(&self) -> Result<Counts, StorageError> {
        if let Some(remembered) = self.counts.remembered(&()) {
            return Ok(remembered);
        }
        let asked = Instant::now();
        let row = sqlx::query(COUNTS)
            .fetch_one(&self.pool)
            .await
            .map_err(unavailable)?;
        let number = |name| column(&row, name).map(count);
        let counts = Counts {
            enqueued: number("enqueued")?,
            scheduled: number("scheduled")?,
            awaiting: number("awaiting")?,
            retries: number("retries")?,
            processing: number("processing")?,
            succeeded: number("succeeded")?,
            failed: number("failed")?,
            deleted: number("deleted")?,
        };
        if counts.enqueued + counts.scheduled > MANY {
            self.counts.found_among_many((), &counts, asked);
        }
        Ok(counts)
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Page, StorageError> {
        let limit = query.rows();
        let mut jobs = Vec::new();
        for row in &search::list(&self.pool, &self.deep, query, limit + 1).await? {
            jobs.push(summary(row)?);
        }
        jobs.sort_unstable_by_key(|job| std::cmp::Reverse((job.changed_at, job.id)));

        let more = jobs.len() > limit;
        jobs.truncate(limit);
        let next = jobs.last().filter(|_| more).map(|last| Cursor {
            changed_at: last.changed_at,
            id: last.id,
        });
        Ok(Page { jobs, next })
    }

    async fn count(&self, query: &JobQuery, most: u64) -> Result<u64, StorageError> {
        search::count(&self.pool, query, most).await
    }

    async fn job(&self, id: JobId) -> Result<Option<JobDetails>, StorageError> {
        // Both questions see the same moment.
        let mut transaction = self.pool.begin().await.map_err(unavailable)?;
        let Some(row) = sqlx::query(JOB)
            .bind(id.0)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable)?
        else {
            return Ok(None);
        };
        let summary = summary(&row)?;
        let past = sqlx::query(HISTORY)
            .bind(id.0)
            .bind(&summary.queue)
            .fetch_all(&mut *transaction)
            .await
            .map_err(unavailable)?;

        let mut history = Vec::new();
        for row in past.iter().rev().chain([&row]) {
            stage::tell(row, &mut history)?;
        }
        Ok(Some(JobDetails {
            origin: recurring::origin(&mut transaction, id).await?,
            trace: column(&row, "trace")?,
            result: column(&row, "result")?,
            summary,
            history,
        }))
    }

    async fn progress(&self, id: JobId) -> Result<Option<Progress>, StorageError> {
        noting::progress(&self.pool, id).await
    }

    async fn log(&self, id: JobId, after: u64, limit: usize) -> Result<Vec<LogLine>, StorageError> {
        noting::log(&self.pool, id, after, limit).await
    }

    async fn queues(&self) -> Result<Vec<QueueSummary>, StorageError> {
        let queues = sqlx::query(QUEUES)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        let jobs = self.jobs_in_queues().await?;
        queues.iter().map(|row| queue(row, &jobs)).collect()
    }

    async fn throughput(
        &self,
        resolution: Resolution,
        since: Timestamp,
    ) -> Result<Vec<Throughput>, StorageError> {
        throughput::throughput(&self.pool, resolution, since).await
    }

    async fn error_groups(&self, limit: usize) -> Result<Vec<ErrorGroup>, StorageError> {
        throughput::error_groups(&self.pool, limit).await
    }

    async fn servers(&self) -> Result<Vec<ServerSummary>, StorageError> {
        let servers = sqlx::query(SERVERS)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        servers.iter().map(server).collect()
    }
}

impl SqliteStorage {
    async fn jobs_in_queues(&self) -> Result<Vec<InQueue>, StorageError> {
        if let Some(remembered) = self.in_queues.remembered(&()) {
            return Ok(remembered);
        }
        let asked = Instant::now();
        let counted = sqlx::query(IN_QUEUES)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        let queues = counted
            .iter()
            .map(InQueue::of)
            .collect::<Result<Vec<_>, _>>()?;
        if queues.iter().map(|queue| queue.enqueued).sum::<u64>() > MANY {
            self.in_queues.found_among_many((), &queues, asked);
        }
        Ok(queues)
    }
}

/// How many jobs of a queue wait or run.
#[derive(Debug, Clone)]
pub(crate) struct InQueue {
    queue: String,
    enqueued: u64,
    processing: u64,
    oldest_enqueued_at: Option<Timestamp>,
}

impl InQueue {
    fn of(row: &SqliteRow) -> Result<Self, StorageError> {
        let oldest: Option<i64> = column(row, "oldest")?;
        Ok(Self {
            queue: column(row, "queue")?,
            enqueued: count(column(row, "enqueued")?),
            processing: count(column(row, "processing")?),
            oldest_enqueued_at: oldest.map(timestamp).transpose()?,
        })
    }
}

fn summary(row: &SqliteRow) -> Result<JobSummary, StorageError> {
    let state = state(column(row, "state")?)?;
    let reason = match state {
        State::Enqueued => "enqueue_reason",
        _ => "reason",
    };
    let error: Option<&str> = column(row, "error")?;
    let due_at: Option<i64> = column(row, "due_at")?;
    let duration: Option<i64> = column(row, "duration")?;
    let server: Option<Uuid> = column(row, "server")?;
    Ok(JobSummary {
        id: JobId(column(row, "id")?),
        kind: column(row, "kind")?,
        queue: column(row, "queue")?,
        priority: column(row, "priority")?,
        tenant: column(row, "tenant")?,
        tags: tags(row)?,
        batch: column::<Option<Uuid>>(row, "batch")?.map(BatchId),
        state,
        reason: column(row, reason)?,
        attempts: small(column(row, "attempts")?),
        abandoned: small(column(row, "abandoned")?),
        arguments: column(row, "arguments")?,
        version: stored_version(column(row, "version")?),
        created_at: timestamp(column(row, "created_at")?)?,
        changed_at: timestamp(column(row, "changed_at")?)?,
        due_at: due_at.map(timestamp).transpose()?,
        server: server.filter(|_| state == State::Processing).map(ServerId),
        error: error.map(error_report).transpose()?,
        duration: duration.map(convert::duration),
    })
}

fn queue(row: &SqliteRow, jobs: &[InQueue]) -> Result<QueueSummary, StorageError> {
    let mut queue = QueueSummary {
        paused: pause(row)?,
        limit: limit(row)?,
        ..QueueSummary::named(column::<String>(row, "name")?)
    };
    for jobs in jobs.iter().filter(|jobs| jobs.queue == queue.name) {
        queue.enqueued += jobs.enqueued;
        queue.processing += jobs.processing;
        queue.oldest_enqueued_at = queue.oldest_enqueued_at.or(jobs.oldest_enqueued_at);
    }
    Ok(queue)
}

fn limit(row: &SqliteRow) -> Result<Option<Limit>, StorageError> {
    let scope: Option<&str> = column(row, "scope")?;
    let found = scope.map(|_| slots::limit(row)).transpose()?;
    Ok(found.map(|(_, limit)| limit))
}

pub(crate) fn pause(row: &SqliteRow) -> Result<Option<Pause>, StorageError> {
    let Some(since) = column(row, "since")? else {
        return Ok(None);
    };
    Ok(Some(Pause {
        by: column(row, "by")?,
        reason: column(row, "reason")?,
        since: timestamp(since)?,
    }))
}

fn server(row: &SqliteRow) -> Result<ServerSummary, StorageError> {
    let queues: &str = column(row, "queues")?;
    let kinds: &str = column(row, "kinds")?;
    let told: Option<&str> = column(row, "told")?;
    Ok(ServerSummary {
        id: ServerId(column(row, "id")?),
        name: column(row, "name")?,
        queues: serde_json::from_str(queues)
            .map_err(|error| StorageError::Corrupt(format!("a server's queues: {error}")))?,
        kinds: serde_json::from_str(kinds)
            .map_err(|error| StorageError::Corrupt(format!("a server's kinds: {error}")))?,
        workers: small(column(row, "workers")?),
        order: told.map(ServerOrder::of_name).transpose()?,
        processing: count(column(row, "processing")?),
        started_at: timestamp(column(row, "started_at")?)?,
        heartbeat_at: timestamp(column(row, "heartbeat_at")?)?,
    })
}
