use std::cmp::Reverse;
use std::collections::HashSet;

use job_engine::storage::{Claim, ClaimedJob, JobId, KnownKind, Lease, StorageError};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use crate::convert::{column, now, rows, small, stored_version, tags, unavailable};
use crate::writer::Writer;

const IN_LINE: &str = "
select exists (
  select 1 from job_engine_jobs
  where state = 'Enqueued' and queue in (select value from json_each($1))
    and kind in (select value ->> 0 from json_each($2))
    and (version is null or version <= (
      select known.value ->> 1 from json_each($2) as known where known.value ->> 0 = kind
    ))
    and queue not in (select queue from job_engine_pauses)
)";

const CLAIM: &str = "
update job_engine_jobs
set state = 'Processing', server = $1, claimed_at = $2, changed_at = $2, epoch = epoch + 1,
  attempts = attempts + 1
where exists (select 1 from job_engine_servers where id = $1)
  and not exists (select 1 from job_engine_pauses where queue = $3) and id in (
  select id from job_engine_jobs
  where state = 'Enqueued' and queue = $3 and kind in (select value ->> 0 from json_each($4))
    and (version is null or version <= (
      select known.value ->> 1 from json_each($4) as known where known.value ->> 0 = kind
    ))
  order by priority desc, id
  limit $5
)
returning id, epoch, kind, queue, arguments, attempts, abandoned, priority, tenant, tags, version";

pub(crate) async fn claim(
    pool: &SqlitePool,
    writer: &Writer,
    claim: &Claim,
) -> Result<Vec<ClaimedJob>, StorageError> {
    let kinds = kinds_json(&claim.kinds);
    // An idle server reads; only one that finds something waits for its turn to write.
    if !in_line(pool, claim, &kinds).await.map_err(unavailable)? {
        return Ok(Vec::new());
    }

    let mut write = writer.quick().await?;
    let mut claimed = Vec::new();
    let mut asked = HashSet::new();
    for queue in &claim.queues {
        let free = claim.limit.saturating_sub(claimed.len());
        if free > 0 && asked.insert(queue) {
            claimed.extend(claim_from(&mut write.transaction, claim, queue, &kinds, free).await?);
        }
    }
    write.commit().await?;
    Ok(claimed)
}

async fn in_line(pool: &SqlitePool, claim: &Claim, kinds: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar(IN_LINE)
        .bind(json!(claim.queues).to_string())
        .bind(kinds)
        .fetch_one(pool)
        .await
}

async fn claim_from(
    connection: &mut SqliteConnection,
    claim: &Claim,
    queue: &str,
    kinds: &str,
    limit: usize,
) -> Result<Vec<ClaimedJob>, StorageError> {
    let claimed = sqlx::query(CLAIM)
        .bind(claim.server.0)
        .bind(now())
        .bind(queue)
        .bind(kinds)
        .bind(rows(limit))
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;

    // An update answers in no order.
    let mut jobs = claimed.iter().map(job).collect::<Result<Vec<_>, _>>()?;
    jobs.sort_unstable_by_key(|(priority, job)| (Reverse(*priority), job.lease.job));
    Ok(jobs.into_iter().map(|(_, job)| job).collect())
}

fn job(row: &SqliteRow) -> Result<(i64, ClaimedJob), StorageError> {
    let job = ClaimedJob {
        lease: lease(row)?,
        kind: column(row, "kind")?,
        queue: column(row, "queue")?,
        arguments: column(row, "arguments")?,
        attempt: small(column(row, "attempts")?),
        abandoned: small(column(row, "abandoned")?),
        tenant: column(row, "tenant")?,
        tags: tags(row)?,
        version: stored_version(column(row, "version")?),
    };
    Ok((column(row, "priority")?, job))
}

/// As rows `[name, version]`.
fn kinds_json(kinds: &[KnownKind]) -> String {
    let row = |kind: &KnownKind| json!([kind.name, kind.version]);
    kinds.iter().map(row).collect::<Value>().to_string()
}

pub(crate) fn lease(row: &SqliteRow) -> Result<Lease, StorageError> {
    Ok(Lease {
        job: JobId(column(row, "id")?),
        epoch: column(row, "epoch")?,
    })
}
