use std::cmp::Reverse;
use std::collections::HashSet;
use std::time::Instant;

use job_engine::storage::{Claim, Claimed, ClaimedJob, ServerId, StorageError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::claimed::{job, names_and_versions};
use crate::convert::{rows, unavailable};
use crate::kept::{Kept, Lent};
use crate::line::{Lines, Places};
use crate::noted_lines;
use crate::turns::{self, Turns};

/// For a queue that is open and holds no tenant's job, no job with a key and no limit; of any other
/// nothing is claimed.
///
/// Locks the server's row, so that it cannot be taken for dead in between: whoever buries it waits
/// and sees this claim. The jobs are locked, so their places (`ctid`) hold until they are written.
/// `$5` to `$7` are the [`Places`] to look at, best first.
const CLAIM: &str = "
with server as (
  select id from job_engine.servers where id = $1 for key share
)
update job_engine.ready r
set server = $1, claimed_at = clock_timestamp(), epoch = r.epoch + 1
where r.ctid = any (array(
  select waiting.ctid
  from unnest($5::smallint[], $6::smallint[], $7::uuid[]) as place (highest, lowest, from_id)
  cross join lateral (
    select ctid from job_engine.ready
    where queue = $2 and tenant is null and limit_key is null
      and priority <= place.highest and priority >= place.lowest
      and id >= place.from_id
      and server is null and kind = any($3)
      and (version is null or version <= ($8::integer[])[array_position($3, kind)])
      and exists (select from server)
      and not exists (select from job_engine.pauses p where p.queue = $2)
      and not exists (select from job_engine.limits l where l.scope = 'queue' and l.name = $2)
      and not exists (
        select from job_engine.ready other
        where other.queue = $2 and (other.tenant is not null or other.limit_key is not null)
      )
    order by priority desc, id
    limit $4
    for update skip locked
  ) as waiting
  limit $4
))
returning r.id, r.epoch, r.kind, r.queue, r.arguments, r.attempts, r.abandoned, r.priority,
  r.tenant, r.tags, r.version, r.batch, r.trace,
  (extract(epoch from r.claimed_at - r.enqueued_at) * 1000000)::bigint as waited";

/// Whether that is why nothing was claimed from an open queue.
const NEEDS_TURNS: &str = "
select not exists (select from job_engine.pauses p where p.queue = $1) and (
  exists (select from job_engine.limits l where l.scope = 'queue' and l.name = $1)
  or exists (
    select from job_engine.ready r
    where r.queue = $1 and (r.tenant is not null or r.limit_key is not null)
  )
)";

pub(crate) async fn claim(
    connection: &mut PgConnection,
    lines: &Lines,
    turns: &Turns,
    claim: &Claim,
) -> Result<Claimed, StorageError> {
    let mut claimed = Claimed::default();
    let mut asked = HashSet::new();
    for queue in &claim.queues {
        let free = claim.limit.saturating_sub(claimed.jobs.len());
        if free > 0 && asked.insert(queue) {
            claimed.add(claim_from(connection, lines, turns, claim, queue, free).await?);
        }
    }
    Ok(claimed)
}

/// A connection on which the statement of a claim is planned.
pub(crate) async fn ready(claims: &Kept) -> sqlx::Result<Lent> {
    let mut connection = claims.lend().await?;
    let nobody = Claim {
        server: ServerId(Uuid::nil()),
        queues: Vec::new(),
        kinds: Vec::new(),
        limit: 0,
    };
    rows_at(&mut connection, Places::all(), &nobody, "", 0).await?;
    Ok(connection)
}

async fn claim_from(
    connection: &mut PgConnection,
    lines: &Lines,
    turns: &Turns,
    claim: &Claim,
    queue: &str,
    limit: usize,
) -> Result<Claimed, StorageError> {
    if !turns.are_needed(queue) {
        match claim_in_line(connection, lines, claim, queue, limit).await? {
            Some(jobs) => {
                if !jobs.is_empty() {
                    turns.nobody_was_served(queue);
                }
                return Ok(Claimed::jobs(jobs));
            }
            None => turns.begin(queue),
        }
    }
    turns::claim_in_turn(connection, turns, claim, queue, limit).await
}

/// `None` when the queue needs turns.
async fn claim_in_line(
    connection: &mut PgConnection,
    lines: &Lines,
    claim: &Claim,
    queue: &str,
    limit: usize,
) -> Result<Option<Vec<ClaimedJob>>, StorageError> {
    let jobs = claim_first(connection, lines, claim, queue, limit).await?;
    if jobs.is_empty() && needs_turns(connection, queue).await? {
        return Ok(None);
    }
    Ok(Some(taken(lines, claim.server, queue, limit, jobs)))
}

/// The first of the line, with their priorities.
async fn claim_first(
    connection: &mut PgConnection,
    lines: &Lines,
    claim: &Claim,
    queue: &str,
    limit: usize,
) -> Result<Vec<(i16, ClaimedJob)>, StorageError> {
    let server = claim.server;
    if let Some(note) = lines.note(server, queue) {
        noted_lines::write(connection, note).await;
    }
    if let Some(places) = lines.places(server, queue) {
        let jobs = claim_at(connection, places, claim, queue, limit).await?;
        if !jobs.is_empty() || !lines.may_look_again(server, queue) {
            return Ok(jobs);
        }
    }

    let start = Instant::now();
    let jobs = claim_at(connection, Places::all(), claim, queue, limit).await?;
    lines.looked(server, queue, limit, start.elapsed());
    Ok(jobs)
}

async fn needs_turns(connection: &mut PgConnection, queue: &str) -> Result<bool, StorageError> {
    sqlx::query_scalar(NEEDS_TURNS)
        .bind(queue)
        .fetch_one(connection)
        .await
        .map_err(unavailable)
}

/// With their priorities, best first.
async fn claim_at(
    connection: &mut PgConnection,
    places: Places,
    claim: &Claim,
    queue: &str,
    limit: usize,
) -> Result<Vec<(i16, ClaimedJob)>, StorageError> {
    let claimed = rows_at(connection, places, claim, queue, limit)
        .await
        .map_err(unavailable)?;

    // An update answers in no order.
    let mut jobs = claimed
        .iter()
        .map(|row| Ok((row.try_get(7)?, job(row)?)))
        .collect::<sqlx::Result<Vec<(i16, ClaimedJob)>>>()
        .map_err(unavailable)?;
    jobs.sort_unstable_by_key(|(priority, job)| (Reverse(*priority), job.lease.job));
    Ok(jobs)
}

async fn rows_at(
    connection: &mut PgConnection,
    places: Places,
    claim: &Claim,
    queue: &str,
    limit: usize,
) -> sqlx::Result<Vec<PgRow>> {
    let (names, versions) = names_and_versions(claim);
    sqlx::query(CLAIM)
        .bind(claim.server.0)
        .bind(queue)
        .bind(names)
        .bind(rows(limit))
        .bind(places.highest)
        .bind(places.lowest)
        .bind(places.from)
        .bind(versions)
        .fetch_all(connection)
        .await
}

/// Remembers that these jobs, in their order, were claimed.
pub(crate) fn taken(
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
