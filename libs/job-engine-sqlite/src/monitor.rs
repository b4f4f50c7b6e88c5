use async_trait::async_trait;
use job_engine::State;
use job_engine::storage::{
    Counts, Cursor, JobDetails, JobId, JobQuery, JobSummary, Monitor, Page, Pause, QueueSummary,
    ServerId, ServerSummary, StorageError,
};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::SqliteStorage;
use crate::convert::{
    self, column, count, error_report, rows, small, state, tags, timestamp, unavailable,
};
use crate::recurring;
use crate::stage::Stage;

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1000;

const COUNTS: &str = "
select
  (select count(*) from job_engine_jobs where state = 'Enqueued') as enqueued,
  (select count(*) from job_engine_jobs where state = 'Scheduled') as scheduled,
  (select count(*) from job_engine_jobs where state = 'Scheduled' and attempts > 0) as retries,
  (select count(*) from job_engine_jobs where state = 'Processing') as processing,
  (select jobs from job_engine_totals where state = 'Succeeded') as succeeded,
  (select jobs from job_engine_totals where state = 'Failed') as failed,
  (select jobs from job_engine_totals where state = 'Deleted') as deleted";

macro_rules! list {
    ($state:literal, $changed_at:literal) => {
        concat!(
            "
select id, kind, queue, priority, tenant, tags, state, reason, enqueue_reason, attempts,
  abandoned, arguments, server, error, duration, created_at, changed_at, due_at
from job_engine_jobs
where ",
            $state,
            " and ($2 is null or (",
            $changed_at,
            ", id) < ($2, $3))
  and ($4 is null or queue = $4)
  and ($5 is null or kind = $5)
  and (not $6 or attempts > 0)
order by ",
            $changed_at,
            " desc, id desc
limit $7"
        )
    };
}

// One each, as a partial index is only used when the statement names its state.
const LIST_ENQUEUED: &str = list!("state = 'Enqueued' and state = $1", "changed_at");
const LIST_SCHEDULED: &str = list!("state = 'Scheduled' and state = $1", "changed_at");
const LIST_PROCESSING: &str = list!("state = 'Processing' and state = $1", "changed_at");
const LIST_ENDED: &str = list!("ended_at is not null and state = $1", "ended_at");

const JOB: &str = "
select id, kind, queue, priority, tenant, tags, state, reason, enqueue_reason, attempts,
  abandoned, arguments, server, error, duration, created_at, changed_at, due_at, result, enqueued_at, claimed_at,
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

const QUEUES: &str = "
select name,
  (select count(*) from job_engine_jobs where state = 'Enqueued' and queue = name) as enqueued,
  (select count(*) from job_engine_jobs where state = 'Processing' and queue = name) as processing,
  (select min(enqueued_at) from job_engine_jobs where state = 'Enqueued' and queue = name) as oldest,
  since, \"by\", pauses.reason
from (select name from job_engine_queues union select queue from job_engine_pauses)
left join job_engine_pauses as pauses on pauses.queue = name
order by name";

const SERVERS: &str = "
select id, name, queues, workers, started_at, heartbeat_at,
  (select count(*) from job_engine_jobs
   where state = 'Processing' and server = job_engine_servers.id) as processing
from job_engine_servers
order by name, id";

#[async_trait]
impl Monitor for SqliteStorage {
    async fn counts(&self) -> Result<Counts, StorageError> {
        let row = sqlx::query(COUNTS)
            .fetch_one(&self.pool)
            .await
            .map_err(unavailable)?;
        let number = |name| column(&row, name).map(count);
        Ok(Counts {
            enqueued: number("enqueued")?,
            scheduled: number("scheduled")?,
            retries: number("retries")?,
            processing: number("processing")?,
            succeeded: number("succeeded")?,
            failed: number("failed")?,
            deleted: number("deleted")?,
        })
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Page, StorageError> {
        let limit = match query.limit {
            0 => DEFAULT_LIMIT,
            limit => limit.min(MAX_LIMIT),
        };
        let mut jobs = Vec::new();
        for state in states(query) {
            jobs.extend(list(&self.pool, query, state, limit + 1).await?);
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
            Stage::of(row)?.tell(&mut history)?;
        }
        Ok(Some(JobDetails {
            origin: recurring::origin(&mut transaction, id).await?,
            result: column(&row, "result")?,
            summary,
            history,
        }))
    }

    async fn queues(&self) -> Result<Vec<QueueSummary>, StorageError> {
        let queues = sqlx::query(QUEUES)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        queues.iter().map(queue).collect()
    }

    async fn servers(&self) -> Result<Vec<ServerSummary>, StorageError> {
        let servers = sqlx::query(SERVERS)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        servers.iter().map(server).collect()
    }
}

/// The states of which the query can find jobs.
fn states(query: &JobQuery) -> Vec<State> {
    State::ALL
        .into_iter()
        .filter(|state| query.state.is_none_or(|wanted| wanted == *state))
        .filter(|state| !query.retries_only || *state == State::Scheduled)
        .collect()
}

async fn list(
    pool: &SqlitePool,
    query: &JobQuery,
    state: State,
    limit: usize,
) -> Result<Vec<JobSummary>, StorageError> {
    let statement = match state {
        State::Enqueued => LIST_ENQUEUED,
        State::Scheduled => LIST_SCHEDULED,
        State::Processing => LIST_PROCESSING,
        State::Succeeded | State::Failed | State::Deleted => LIST_ENDED,
    };
    let jobs = sqlx::query(statement)
        .bind(state.name())
        .bind(query.after.map(|after| after.changed_at.as_microsecond()))
        .bind(query.after.map(|after| after.id.0))
        .bind(&query.queue)
        .bind(&query.kind)
        .bind(query.retries_only)
        .bind(rows(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    jobs.iter().map(summary).collect()
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
        state,
        reason: column(row, reason)?,
        attempts: small(column(row, "attempts")?),
        abandoned: small(column(row, "abandoned")?),
        arguments: column(row, "arguments")?,
        created_at: timestamp(column(row, "created_at")?)?,
        changed_at: timestamp(column(row, "changed_at")?)?,
        due_at: due_at.map(timestamp).transpose()?,
        server: server.filter(|_| state == State::Processing).map(ServerId),
        error: error.map(error_report).transpose()?,
        duration: duration.map(convert::duration),
    })
}

fn queue(row: &SqliteRow) -> Result<QueueSummary, StorageError> {
    let oldest: Option<i64> = column(row, "oldest")?;
    Ok(QueueSummary {
        name: column(row, "name")?,
        enqueued: count(column(row, "enqueued")?),
        processing: count(column(row, "processing")?),
        oldest_enqueued_at: oldest.map(timestamp).transpose()?,
        paused: pause(row)?,
    })
}

fn pause(row: &SqliteRow) -> Result<Option<Pause>, StorageError> {
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
    Ok(ServerSummary {
        id: ServerId(column(row, "id")?),
        name: column(row, "name")?,
        queues: serde_json::from_str(queues)
            .map_err(|error| StorageError::Corrupt(format!("a server's queues: {error}")))?,
        workers: small(column(row, "workers")?),
        processing: count(column(row, "processing")?),
        started_at: timestamp(column(row, "started_at")?)?,
        heartbeat_at: timestamp(column(row, "heartbeat_at")?)?,
    })
}
