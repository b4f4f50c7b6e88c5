use std::cmp::Reverse;
use std::collections::HashSet;
use std::time::Instant;

use job_engine::storage::{Claim, ClaimedJob, JobId, Lease, ServerId, StorageError};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::convert::{rows, signed, stored_version, unavailable, unsigned};
use crate::line::{Lines, Places};

/// Locks the server's row, so that it cannot be taken for dead in between: whoever buries it waits
/// and sees this claim. The jobs are locked, so their places (`ctid`) hold until they are written.
/// `$5` to `$7` are the [`Places`] to look at, best first.
const CLAIM: &str = "
with server as (
  select id from job_engine.servers where id = $1 for key share
), next as (
  select waiting.ctid
  from unnest($5::smallint[], $6::smallint[], $7::uuid[]) as place (highest, lowest, from_id)
  cross join lateral (
    select ctid from job_engine.ready
    where queue = $2 and priority <= place.highest and priority >= place.lowest
      and id >= place.from_id
      and server is null and kind = any($3)
      and (version is null or version <= ($8::integer[])[array_position($3, kind)])
      and exists (select from server)
      and not exists (select from job_engine.pauses p where p.queue = $2)
    order by priority desc, id
    limit $4
    for update skip locked
  ) as waiting
  limit $4
)
update job_engine.ready r
set server = $1, claimed_at = clock_timestamp(), epoch = r.epoch + 1
from next
where r.ctid = next.ctid
returning r.id, r.epoch, r.kind, r.queue, r.arguments, r.attempts, r.abandoned, r.priority,
  r.tenant, r.tags, r.version";

pub(crate) async fn claim(
    pool: &PgPool,
    lines: &Lines,
    claim: &Claim,
) -> Result<Vec<ClaimedJob>, StorageError> {
    let mut claimed = Vec::new();
    let mut asked = HashSet::new();
    for queue in &claim.queues {
        if claimed.len() >= claim.limit {
            break;
        }
        if asked.insert(queue) {
            let free = claim.limit - claimed.len();
            claimed.extend(claim_from(pool, lines, claim, queue, free).await?);
        }
    }
    Ok(claimed)
}

async fn claim_from(
    pool: &PgPool,
    lines: &Lines,
    claim: &Claim,
    queue: &str,
    limit: usize,
) -> Result<Vec<ClaimedJob>, StorageError> {
    let server = claim.server;
    if let Some(places) = lines.places(server, queue) {
        let jobs = claim_at(pool, places, claim, queue, limit).await?;
        if !jobs.is_empty() || !lines.may_look_again(server, queue) {
            return Ok(taken(lines, server, queue, limit, jobs));
        }
    }

    let start = Instant::now();
    let jobs = claim_at(pool, Places::all(), claim, queue, limit).await?;
    lines.looked(server, queue, limit, start.elapsed());
    Ok(taken(lines, server, queue, limit, jobs))
}

/// With their priorities, best first.
async fn claim_at(
    pool: &PgPool,
    places: Places,
    claim: &Claim,
    queue: &str,
    limit: usize,
) -> Result<Vec<(i16, ClaimedJob)>, StorageError> {
    let known = claim.kinds.iter();
    let (names, versions): (Vec<&str>, Vec<i32>) = known
        .map(|kind| (kind.name.as_str(), signed(kind.version)))
        .unzip();
    let claimed = sqlx::query(CLAIM)
        .bind(claim.server.0)
        .bind(queue)
        .bind(names)
        .bind(rows(limit))
        .bind(places.highest)
        .bind(places.lowest)
        .bind(places.from)
        .bind(versions)
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
    Ok(jobs)
}

fn taken(
    lines: &Lines,
    server: ServerId,
    queue: &str,
    limit: usize,
    jobs: Vec<(i16, ClaimedJob)>,
) -> Vec<ClaimedJob> {
    let ids: Vec<(i16, Uuid)> = jobs
        .iter()
        .map(|(priority, job)| (*priority, job.lease.job.0))
        .collect();
    lines.claimed(server, queue, &ids, ids.len() >= limit);
    jobs.into_iter().map(|(_, job)| job).collect()
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
        version: stored_version(row.try_get(10)?),
        tenant: row.try_get(8)?,
        tags: row.try_get::<Option<_>, _>(9)?.unwrap_or_default(),
    };
    Ok((row.try_get(7)?, job))
}
