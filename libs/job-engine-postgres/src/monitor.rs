use async_trait::async_trait;
use jiff::Timestamp;
use job_engine::storage::{
    Counts, Cursor, ErrorGroup, JobDetails, JobId, JobQuery, JobSummary, LogLine, Monitor, Page,
    Progress, QueueSummary, Resolution, ServerId, ServerOrder, ServerSummary, StorageError,
    Throughput,
};
use job_engine::{BatchId, State};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::PostgresStorage;
use crate::convert::{
    self, column, count, error_report, state, stored_version, timestamp, unavailable, unsigned,
};
use crate::limiting;
use crate::live::LiveCounts;
use crate::noting;
use crate::recurring;
use crate::search;
use crate::stage;
use crate::throughput;
use crate::transaction::begin;

const FINISHED_COUNTS: &str = "
select state::text, sum(jobs)::bigint from job_engine.tally group by state";

const JOB: &str = "
select
  id, kind, queue, priority, tenant, tags, batch, state::text, reason, attempts, abandoned, arguments,
  version, trace, server, error, duration, result, claimed_by, enqueue_reason,
  attempts as attempt,
  case when place <> 'ready' then state::text end as end_state,
  (extract(epoch from created_at) * 1000000)::bigint as created_at,
  (extract(epoch from enqueued_at) * 1000000)::bigint as enqueued_at,
  (extract(epoch from claimed_at) * 1000000)::bigint as claimed_at,
  (extract(epoch from changed_at) * 1000000)::bigint as changed_at,
  (extract(epoch from due_at) * 1000000)::bigint as due_at
from job_engine.jobs
where id = $1";

/// The latest, as a job that snoozes for ever has a long past.
const HISTORY: &str = "
select
  $2 as queue, attempt, enqueue_reason, server as claimed_by, state::text as end_state, reason,
  duration, error, result,
  (extract(epoch from enqueued_at) * 1000000)::bigint as enqueued_at,
  (extract(epoch from claimed_at) * 1000000)::bigint as claimed_at,
  (extract(epoch from changed_at) * 1000000)::bigint as changed_at,
  (extract(epoch from due_at) * 1000000)::bigint as due_at
from job_engine.history
where job = $1
order by stage desc
limit 1000";

const QUEUES: &str = "select name from job_engine.queues";

const SERVERS: &str = "
select id, name, queues, kinds, workers, told,
  (extract(epoch from started_at) * 1000000)::bigint as started_at,
  (extract(epoch from heartbeat_at) * 1000000)::bigint as heartbeat_at
from job_engine.servers
order by name, id";

#[async_trait]
impl Monitor for PostgresStorage {
    async fn counts(&self) -> Result<Counts, StorageError> {
        let live = self.live.counts(&self.pool).await?;
        let finished: Vec<(String, i64)> = sqlx::query_as(FINISHED_COUNTS)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        let of = |state: State| {
            let found = finished.iter().find(|(name, _)| name == state.name());
            found.map_or(0, |(_, jobs)| count(*jobs))
        };

        Ok(Counts {
            enqueued: live.enqueued,
            scheduled: live.scheduled,
            awaiting: live.awaiting,
            retries: live.retries,
            processing: live.processing,
            succeeded: of(State::Succeeded),
            failed: of(State::Failed),
            deleted: of(State::Deleted),
        })
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Page, StorageError> {
        let limit = query.rows();
        let mut jobs = Vec::new();
        for row in &search::list(&self.pool, query, limit + 1).await? {
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
        let mut transaction = begin(&self.pool).await.map_err(unavailable)?;
        sqlx::raw_sql("set transaction isolation level repeatable read, read only")
            .execute(&mut *transaction)
            .await
            .map_err(unavailable)?;
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
        let mut queues = self.live.counts(&self.pool).await?.queues;
        let known: Vec<String> = sqlx::query_scalar(QUEUES)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        let mut pauses = limiting::pauses(&self.pool).await?;
        let mut limits = limiting::limits_of_queues(&self.pool).await?;
        let named = pauses.keys().chain(limits.keys()).cloned();
        for name in known.into_iter().chain(named.collect::<Vec<_>>()) {
            queues
                .entry(name.clone())
                .or_insert_with(|| QueueSummary::named(name));
        }
        for queue in queues.values_mut() {
            queue.paused = pauses.remove(&queue.name);
            queue.limit = limits.remove(&queue.name);
        }
        Ok(queues.into_values().collect())
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
        let live = self.live.counts(&self.pool).await?;
        let servers = sqlx::query(SERVERS)
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        servers.iter().map(|row| server(row, &live)).collect()
    }
}

fn summary(row: &PgRow) -> Result<JobSummary, StorageError> {
    let error: Option<&str> = column(row, "error")?;
    let due_at: Option<i64> = column(row, "due_at")?;
    let duration: Option<i64> = column(row, "duration")?;
    let server: Option<Uuid> = column(row, "server")?;
    let tags: Option<Vec<String>> = column(row, "tags")?;
    Ok(JobSummary {
        id: JobId(column(row, "id")?),
        kind: column(row, "kind")?,
        queue: column(row, "queue")?,
        priority: column(row, "priority")?,
        tenant: column(row, "tenant")?,
        tags: tags.unwrap_or_default(),
        batch: column::<Option<Uuid>>(row, "batch")?.map(BatchId),
        state: state(column(row, "state")?)?,
        reason: column(row, "reason")?,
        attempts: unsigned(column(row, "attempts")?),
        abandoned: unsigned(column(row, "abandoned")?),
        arguments: column(row, "arguments")?,
        version: stored_version(column(row, "version")?),
        created_at: timestamp(column(row, "created_at")?)?,
        changed_at: timestamp(column(row, "changed_at")?)?,
        due_at: due_at.map(timestamp).transpose()?,
        server: server.map(ServerId),
        error: error.map(error_report).transpose()?,
        duration: duration.map(convert::duration),
    })
}

fn server(row: &PgRow, live: &LiveCounts) -> Result<ServerSummary, StorageError> {
    let id = column(row, "id")?;
    let told: Option<&str> = column(row, "told")?;
    Ok(ServerSummary {
        id: ServerId(id),
        name: column(row, "name")?,
        queues: column(row, "queues")?,
        kinds: column(row, "kinds")?,
        workers: unsigned(column(row, "workers")?),
        order: told.map(ServerOrder::of_name).transpose()?,
        processing: live.processed_by(id),
        started_at: timestamp(column(row, "started_at")?)?,
        heartbeat_at: timestamp(column(row, "heartbeat_at")?)?,
    })
}
