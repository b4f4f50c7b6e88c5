use std::cmp::Reverse;
use std::collections::HashSet;

use job_engine::storage::{Claim, ClaimedJob, JobId, Lease, StorageError};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::convert::{rows, unavailable, unsigned};

/// Locks the server's row, so that it cannot be taken for dead in between: whoever buries it waits
/// and sees this claim. The jobs are locked, so their places (`ctid`) hold until they are written.
const CLAIM: &str = "
with server as (
  select id from job_engine.servers where id = $1 for key share
), next as (
  select ctid from job_engine.ready
  where queue = $2 and server is null and kind = any($3) and exists (select from server)
    and not exists (select from job_engine.pauses p where p.queue = $2)
  order by priority desc, id
  limit $4
  for update skip locked
)
update job_engine.ready r
set server = $1, claimed_at = clock_timestamp(), epoch = r.epoch + 1
from next
where r.ctid = next.ctid
returning r.id, r.epoch, r.kind, r.queue, r.arguments, r.attempts, r.abandoned, r.priority,
  r.tenant, r.tags";

pub(crate) async fn claim(pool: &PgPool, claim: &Claim) -> Result<Vec<ClaimedJob>, StorageError> {
    let mut claimed = Vec::new();
    let mut asked = HashSet::new();
    for queue in &claim.queues {
        if claimed.len() >= claim.limit {
            break;
        }
        if asked.insert(queue) {
            let free = claim.limit - claimed.len();
            claimed.extend(claim_from(pool, claim, queue, free).await?);
        }
    }
    Ok(claimed)
}

async fn claim_from(
    pool: &PgPool,
    claim: &Claim,
    queue: &str,
    limit: usize,
) -> Result<Vec<ClaimedJob>, StorageError> {
    let claimed = sqlx::query(CLAIM)
        .bind(claim.server.0)
        .bind(queue)
        .bind(&claim.kinds)
        .bind(rows(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;

    // An update answers in no order.
    let mut jobs = claimed
        .iter()
        .map(job)
        .collect::<sqlx::Result<Vec<(i16, ClaimedJob)>>>()
        .map_err(unavailable)?;
    jobs.sort_unstable_by_key(|(priority, job)| (Reverse(*priority), job.lease.job));
    Ok(jobs.into_iter().map(|(_, job)| job).collect())
}

fn job(row: &PgRow) -> sqlx::Result<(i16, ClaimedJob)> {
    let job = ClaimedJob {
        lease: Lease {
            job: JobId(row.try_get::<Uuid, _>(0)?),
            epoch: row.try_get(1)?,
        },
        kind: row.try_get(2)?,
        queue: row.try_get(3)?,
        arguments: row.try_get(4)?,
        attempt: unsigned(row.try_get(5)?) + 1,
        abandoned: unsigned(row.try_get(6)?),
        tenant: row.try_get(8)?,
        tags: row.try_get::<Option<_>, _>(9)?.unwrap_or_default(),
    };
    Ok((row.try_get(7)?, job))
}
