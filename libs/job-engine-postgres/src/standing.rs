//! Jobs that a server of this process gets in the commit that stores them, because it has nothing else
//! to do. A job that comes alone so waits for one commit instead of two.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::{
    ClaimedJob, Lease, Reservation, ServerId, StandBy, StandBys, StorageError,
};
use job_engine::{Due, NewJob};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::claiming;
use crate::convert::unavailable;
use crate::enqueuing::{all_inserted, enqueue_now, insertion};
use crate::kept::Kept;
use crate::line::Lines;
use crate::rows::Sorted;
use crate::turns::Turns;

/// As a claim does it, this locks the server's row. The queue of all jobs, `$15`, has to be open and
/// without a limit; else they are stored and wait.
const ENQUEUE_CLAIMED: &str = enqueue_now!(
    "
with server as (
  select id, 1 as epoch, clock_timestamp() as claimed_at from job_engine.servers
  where id = $14
    and not exists (select from job_engine.pauses where queue = $15)
    and not exists (select from job_engine.limits where scope = 'queue' and name = $15)
  for key share
)",
    ", server, claimed_at, epoch",
    ", (select id from server), (select claimed_at from server),
  coalesce((select epoch from server), 0)",
    "
returning server is not null"
);

/// Of a job that was never claimed before.
const FIRST_EPOCH: i64 = 1;

/// The servers of this process that wait for jobs.
#[derive(Debug)]
pub(crate) struct Standing {
    servers: StandBys,
    lines: Arc<Lines>,
    turns: Arc<Turns>,
}

impl Standing {
    pub(crate) fn with(lines: &Arc<Lines>, turns: &Arc<Turns>) -> Self {
        Self {
            servers: StandBys::default(),
            lines: lines.clone(),
            turns: turns.clone(),
        }
    }

    pub(crate) fn add(&self, server: &Arc<dyn StandBy>) {
        self.servers.add(server);
    }

    /// Workers for all of these jobs, if nothing but a pause or a limit of their queue may hold them
    /// back.
    pub(crate) fn reserve(&self, jobs: &[NewJob]) -> Option<Reservation> {
        let queue = &jobs.first()?.queue;
        let may_run = |job: &NewJob| {
            job.due == Due::Now
                && job.is_plain()
                && job.tenant.is_none()
                && job.limit_key.is_none()
                && job.queue == *queue
        };
        let all_may_run = jobs.iter().all(may_run);
        all_may_run.then(|| self.servers.reserve(jobs)).flatten()
    }

    /// Whether the jobs are the server's now.
    pub(crate) async fn enqueue(
        &self,
        kept: &Kept,
        jobs: &[NewJob],
        reservation: Reservation,
    ) -> Result<bool, StorageError> {
        let (server, queue) = (reservation.server(), &jobs[0].queue);
        let mut connection = kept.lend().await.map_err(unavailable)?;
        let stored = insert(&mut connection, jobs, server, queue).await;
        match stored {
            Ok(true) => reservation.seat(self.claimed(server, queue, jobs)),
            Ok(false) => reservation.seat(Vec::new()),
            // Whether they are stored, and so claimed, is not known.
            Err(_) => drop(reservation),
        }
        connection.keep_after(&stored).await;
        stored
    }

    /// In the order in which they are to begin.
    fn claimed(&self, server: ServerId, queue: &str, jobs: &[NewJob]) -> Vec<ClaimedJob> {
        let mut claimed: Vec<_> = jobs
            .iter()
            .map(|job| (job.priority, first_claim(job)))
            .collect();
        claimed.sort_unstable_by_key(|(priority, job)| (Reverse(*priority), job.lease.job));
        self.turns.nobody_was_served(queue);
        claiming::taken(&self.lines, server, queue, usize::MAX, claimed)
    }
}

async fn insert(
    connection: &mut PgConnection,
    jobs: &[NewJob],
    server: ServerId,
    queue: &str,
) -> Result<bool, StorageError> {
    let are_claimed = insertion(ENQUEUE_CLAIMED, Sorted::of(jobs).now)
        .bind(server.0)
        .bind(queue)
        .try_map(|row: PgRow| row.try_get::<bool, _>(0))
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    all_inserted(jobs.len(), are_claimed.len() as u64)?;
    Ok(are_claimed.into_iter().all(|is_claimed| is_claimed))
}

fn first_claim(job: &NewJob) -> ClaimedJob {
    ClaimedJob {
        lease: Lease {
            job: job.id,
            epoch: FIRST_EPOCH,
        },
        kind: job.kind.clone(),
        queue: job.queue.clone(),
        arguments: job.arguments.clone(),
        version: job.version,
        attempt: 1,
        abandoned: 0,
        waited: Duration::ZERO,
        is_rated: false,
        tenant: None,
        tags: job.tags.clone(),
        batch: None,
        trace: job.trace.clone(),
    }
}
