use std::cmp::Reverse;
use std::collections::HashSet;

use job_engine::storage::{Claim, Claimed, ClaimedJob, StorageError};
use serde_json::json;
use sqlx::{SqliteConnection, SqlitePool};

use crate::claimed::{From, job, kinds_json};
use crate::clock::now;
use crate::convert::{column, rows, unavailable};
use crate::turns::{Turns, claim_in_turn};
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

/// A queue needs turns when it has a limit, or a job with a tenant or a key: those stand at the end
/// of the index.
const NEEDS_TURNS: &str = "
select exists (select 1 from job_engine_limits where scope = 'queue' and name = $1)
  or coalesce((
    select tenant is not null or limit_key is not null from job_engine_jobs
    where state = 'Enqueued' and queue = $1
    order by coalesce(tenant, '') desc, coalesce(limit_key, '') desc
    limit 1
  ), false)";

/// Whether the server is known and the queue is open.
const IS_OPEN: &str = "
select exists (select 1 from job_engine_servers where id = $1)
  and not exists (select 1 from job_engine_pauses where queue = $2)";

const CLAIM: &str = "
update job_engine_jobs
set state = 'Processing', server = $1, claimed_at = $2, changed_at = $2, epoch = epoch + 1,
  attempts = attempts + 1
where id in (
  select id from job_engine_jobs
  where state = 'Enqueued' and queue = $3 and coalesce(tenant, '') = ''
    and coalesce(limit_key, '') = '' and kind in (select value ->> 0 from json_each($4))
    and (version is null or version <= (
      select known.value ->> 1 from json_each($4) as known where known.value ->> 0 = kind
    ))
  order by priority desc, id
  limit $5
)
returning id, epoch, kind, queue, arguments, attempts, abandoned, priority, tenant, tags, version, batch,
  trace, claimed_at - enqueued_at as waited";

pub(crate) async fn claim(
    pool: &SqlitePool,
    writer: &Writer,
    turns: &Turns,
    claim: &Claim,
) -> Result<Claimed, StorageError> {
    let kinds = kinds_json(&claim.kinds);
    // An idle server reads; only one that finds something waits for its turn to write.
    if !in_line(pool, claim, &kinds).await.map_err(unavailable)? {
        return Ok(Claimed::default());
    }

    let mut write = writer.quick().await?;
    let mut claimed = Claimed::default();
    let mut asked = HashSet::new();
    for queue in &claim.queues {
        let free = claim.limit.saturating_sub(claimed.jobs.len());
        if free > 0 && asked.insert(queue) {
            let from = From {
                claim,
                queue,
                kinds: &kinds,
                limit: free,
            };
            claimed.add(from.claim(&mut write.transaction, turns).await?);
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

impl From<'_> {
    async fn claim(
        &self,
        connection: &mut SqliteConnection,
        turns: &Turns,
    ) -> Result<Claimed, StorageError> {
        let is_open: bool = sqlx::query_scalar(IS_OPEN)
            .bind(self.claim.server.0)
            .bind(self.queue)
            .fetch_one(&mut *connection)
            .await
            .map_err(unavailable)?;
        if !is_open {
            return Ok(Claimed::default());
        }

        let needs_turns: bool = sqlx::query_scalar(NEEDS_TURNS)
            .bind(self.queue)
            .fetch_one(&mut *connection)
            .await
            .map_err(unavailable)?;
        if needs_turns {
            return claim_in_turn(connection, turns, self).await;
        }
        let jobs = self.claim_in_line(connection).await?;
        if !jobs.is_empty() {
            turns.nobody_was_served(self.queue);
        }
        Ok(Claimed::jobs(jobs))
    }

    async fn claim_in_line(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<ClaimedJob>, StorageError> {
        let claimed = sqlx::query(CLAIM)
            .bind(self.claim.server.0)
            .bind(now())
            .bind(self.queue)
            .bind(self.kinds)
            .bind(rows(self.limit))
            .fetch_all(connection)
            .await
            .map_err(unavailable)?;

        // An update answers in no order.
        let mut jobs = claimed
            .iter()
            .map(|row| Ok((column(row, "priority")?, job(row)?)))
            .collect::<Result<Vec<(i64, ClaimedJob)>, StorageError>>()?;
        jobs.sort_unstable_by_key(|(priority, job)| (Reverse(*priority), job.lease.job));
        Ok(jobs.into_iter().map(|(_, job)| job).collect())
    }
}
