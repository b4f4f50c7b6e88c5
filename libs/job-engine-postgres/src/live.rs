use std::collections::BTreeMap;

use job_engine::storage::{QueueSummary, SlowAnswer, StorageError};
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use tokio::time::Instant;
use uuid::Uuid;

use crate::convert::{column, count, timestamp, unavailable};

/// In one statement: a job that goes from one table to the other meanwhile is counted once.
const LIVE: &str = "
select true as is_ready, queue, server, count(*) as jobs,
  (extract(epoch from min(enqueued_at)) * 1000000)::bigint as oldest,
  0::bigint as scheduled, 0::bigint as awaiting, 0::bigint as retries
from job_engine.ready
group by queue, server
union all
select false, queue, null, 0, null,
  count(*) filter (where continue_on is null),
  count(*) filter (where continue_on is not null),
  count(*) filter (where attempts > 0)
from job_engine.waiting
group by queue";

/// Counts of more jobs than this are remembered.
const MANY: u64 = 10_000;

/// The live jobs in numbers. Counting reads every one of them, so the numbers of a large backlog
/// are a few seconds old.
#[derive(Debug, Default)]
pub(crate) struct Live {
    last: SlowAnswer<(), LiveCounts>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct LiveCounts {
    pub(crate) enqueued: u64,
    pub(crate) processing: u64,
    pub(crate) scheduled: u64,
    pub(crate) awaiting: u64,
    pub(crate) retries: u64,
    /// Every queue in which there is a live job.
    pub(crate) queues: BTreeMap<String, QueueSummary>,
    servers: BTreeMap<Uuid, u64>,
}

impl Live {
    pub(crate) async fn counts(&self, pool: &PgPool) -> Result<LiveCounts, StorageError> {
        if let Some(counts) = self.last.remembered(&()) {
            return Ok(counts);
        }

        let asked = Instant::now();
        let counts = LiveCounts::count(pool).await?;
        if counts.total() > MANY {
            self.last.found_among_many((), &counts, asked);
        }
        Ok(counts)
    }
}

impl LiveCounts {
    /// How many jobs this server runs.
    pub(crate) fn processed_by(&self, server: Uuid) -> u64 {
        self.servers.get(&server).copied().unwrap_or_default()
    }

    async fn count(pool: &PgPool) -> Result<Self, StorageError> {
        let mut counts = Self::default();
        let rows = sqlx::query(LIVE).fetch_all(pool).await;
        for row in rows.map_err(unavailable)? {
            if column(&row, "is_ready")? {
                counts.add_ready(&row)?;
            } else {
                counts.add_waiting(&row)?;
            }
        }
        Ok(counts)
    }

    fn add_ready(&mut self, row: &PgRow) -> Result<(), StorageError> {
        let jobs = count(column(row, "jobs")?);
        let server: Option<Uuid> = column(row, "server")?;
        let oldest = timestamp(column(row, "oldest")?)?;

        let queue = self.queue(column(row, "queue")?);
        if let Some(server) = server {
            queue.processing += jobs;
            self.processing += jobs;
            *self.servers.entry(server).or_default() += jobs;
        } else {
            queue.enqueued = jobs;
            queue.oldest_enqueued_at = Some(oldest);
            self.enqueued += jobs;
        }
        Ok(())
    }

    fn add_waiting(&mut self, row: &PgRow) -> Result<(), StorageError> {
        self.queue(column(row, "queue")?);
        self.scheduled += count(column(row, "scheduled")?);
        self.awaiting += count(column(row, "awaiting")?);
        self.retries += count(column(row, "retries")?);
        Ok(())
    }

    fn queue(&mut self, name: String) -> &mut QueueSummary {
        self.queues
            .entry(name.clone())
            .or_insert_with(|| QueueSummary::named(name))
    }

    fn total(&self) -> u64 {
        self.enqueued + self.processing + self.scheduled + self.awaiting
    }
}
