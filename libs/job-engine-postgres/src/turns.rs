use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use job_engine::storage::{Claim, Claimed, ClaimedJob, JobId, StorageError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::claimed::{job, names_and_versions};
use crate::convert::{duration, unavailable};

const CLAIM_IN_TURN: &str = "
select (job).id, (job).epoch, (job).kind, (job).queue, (job).arguments, (job).attempts,
  (job).abandoned, (job).priority, (job).tenant, (job).tags, (job).version, (job).batch,
  (job).trace,
  (extract(epoch from (job).claimed_at - (job).enqueued_at) * 1000000)::bigint,
  is_rated, chosen, is_held_back, again_in, last_tenant, last_key, is_plain
from job_engine.claim_in_turn($1, $2, $3, $4, $5, $6, $7)";

/// The queues whose tenants take turns, and who was served last in each: every process goes round by
/// itself.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    last: Mutex<HashMap<String, Served>>,
}

/// Who was served last; nobody at the beginning. It is kept while a queue has plain jobs alone.
#[derive(Debug, Clone, Default)]
struct Served {
    tenant: String,
    key: String,
    /// The queue needs no turns just now.
    is_plain: bool,
}

impl Turns {
    pub(crate) fn are_needed(&self, queue: &str) -> bool {
        self.last()
            .get(queue)
            .is_some_and(|served| !served.is_plain)
    }

    pub(crate) fn begin(&self, queue: &str) {
        self.last().entry(queue.to_owned()).or_default().is_plain = false;
    }

    /// Jobs of nobody were claimed while nobody else waited.
    pub(crate) fn nobody_was_served(&self, queue: &str) {
        if let Some(served) = self.last().get_mut(queue) {
            served.tenant.clear();
        }
    }

    fn served(&self, queue: &str) -> Served {
        self.last().get(queue).cloned().unwrap_or_default()
    }

    fn go_on(&self, queue: &str, served: Served) {
        self.last().insert(queue.to_owned(), served);
    }

    fn last(&self) -> MutexGuard<'_, HashMap<String, Served>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Claims within the limits of the queue and of its jobs' keys, from every tenant in turn.
pub(crate) async fn claim_in_turn(
    connection: &mut PgConnection,
    turns: &Turns,
    claim: &Claim,
    queue: &str,
    limit: usize,
) -> Result<Claimed, StorageError> {
    let before = turns.served(queue);
    let (names, versions) = names_and_versions(claim);
    let answer = sqlx::query(CLAIM_IN_TURN)
        .bind(claim.server.0)
        .bind(queue)
        .bind(names)
        .bind(versions)
        .bind(i32::try_from(limit).unwrap_or(i32::MAX))
        .bind(&before.tenant)
        .bind(&before.key)
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    // Nothing at all is answered for a paused queue or an unknown server.
    let Some((end, jobs)) = answer.split_last() else {
        return Ok(Claimed::default());
    };

    let end = End::of(end).map_err(unavailable)?;
    let jobs = jobs
        .iter()
        .map(rated_job)
        .collect::<sqlx::Result<Vec<ClaimedJob>>>()
        .map_err(unavailable)?;
    turns.go_on(queue, end.served(before));
    Ok(end.claimed(jobs))
}

/// The answer's last row.
struct End {
    chosen: Vec<Uuid>,
    is_held_back: bool,
    again_in: Option<i64>,
    last_tenant: Option<String>,
    last_key: Option<String>,
    is_plain: bool,
}

impl End {
    fn of(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            chosen: row.try_get::<Option<_>, _>(15)?.unwrap_or_default(),
            is_held_back: row.try_get(16)?,
            again_in: row.try_get(17)?,
            last_tenant: row.try_get(18)?,
            last_key: row.try_get(19)?,
            is_plain: row.try_get(20)?,
        })
    }

    fn served(&self, before: Served) -> Served {
        Served {
            tenant: self.last_tenant.clone().unwrap_or(before.tenant),
            key: self.last_key.clone().unwrap_or(before.key),
            is_plain: self.is_plain,
        }
    }

    fn claimed(&self, mut jobs: Vec<ClaimedJob>) -> Claimed {
        let place = |job: &JobId| self.chosen.iter().position(|id| *id == job.0);
        jobs.sort_by_cached_key(|job| place(&job.lease.job));
        Claimed {
            jobs,
            is_held_back: self.is_held_back,
            again_in: self.again_in.map(duration),
        }
    }
}

fn rated_job(row: &PgRow) -> sqlx::Result<ClaimedJob> {
    Ok(ClaimedJob {
        is_rated: row.try_get(14)?,
        ..job(row)?
    })
}
