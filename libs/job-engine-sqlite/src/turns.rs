use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job_engine::storage::turns::{Candidate, in_turn};
use job_engine::storage::{Claimed, ClaimedJob, JobId, Limited, Room, StorageError};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::claimed::{From, job};
use crate::clock::now;
use crate::convert::{column, ids_json, rows, unavailable};
use crate::slots;

/// So many tenants, and keys of all of them, are looked at beyond those that can be claimed.
const MANY: usize = 200;

/// The tenants with waiting jobs, going round after `$2`; nobody is always among them.
const TENANTS: &str = "
with recursive tenants (tenant) as (
  select ''
  union all
  select (
    select coalesce(job.tenant, '') from job_engine_jobs as job
    where job.state = 'Enqueued' and job.queue = $1 and coalesce(job.tenant, '') > tenants.tenant
    order by coalesce(job.tenant, '') limit 1
  ) from tenants where tenants.tenant is not null
)
select tenant from tenants where tenant is not null
order by tenant <= $2, tenant
limit $3";

/// The keys of a tenant's waiting jobs, in the same way.
const KEYS: &str = "
with recursive keys (key) as (
  select ''
  union all
  select (
    select coalesce(job.limit_key, '') from job_engine_jobs as job
    where job.state = 'Enqueued' and job.queue = $1 and coalesce(job.tenant, '') = $2
      and coalesce(job.limit_key, '') > keys.key
    order by coalesce(job.limit_key, '') limit 1
  ) from keys where keys.key is not null
)
select key from keys where key <> ''
order by key <= $3, key
limit $4";

const LINE: &str = "
select id, priority from job_engine_jobs
where state = 'Enqueued' and queue = $1 and coalesce(tenant, '') = $2
  and coalesce(limit_key, '') = $3 and kind in (select value ->> 0 from json_each($4))
  and (version is null or version <= (
    select known.value ->> 1 from json_each($4) as known where known.value ->> 0 = kind
  ))
order by priority desc, id
limit $5";

const CLAIM: &str = "
update job_engine_jobs
set state = 'Processing', server = $1, claimed_at = $2, changed_at = $2, epoch = epoch + 1,
  attempts = attempts + 1
where id in (select unhex(value) from json_each($3)) and state = 'Enqueued'
returning id, epoch, kind, queue, arguments, attempts, abandoned, priority, tenant, tags,
  version, batch, trace, claimed_at - enqueued_at as waited";

/// Who was served last in each queue.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    last: Mutex<HashMap<String, Served>>,
}

#[derive(Debug, Clone, Default)]
struct Served {
    tenant: String,
    key: String,
}

impl Turns {
    /// Jobs of nobody were claimed while nobody else waited.
    pub(crate) fn nobody_was_served(&self, queue: &str) {
        if let Some(served) = self.last().get_mut(queue) {
            served.tenant.clear();
        }
    }

    fn last(&self) -> MutexGuard<'_, HashMap<String, Served>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Claims within the limits of the queue and of its jobs' keys, from every tenant in turn.
pub(crate) async fn claim_in_turn(
    connection: &mut SqliteConnection,
    turns: &Turns,
    from: &From<'_>,
) -> Result<Claimed, StorageError> {
    let of_queue = Limited::Queue(from.queue.to_owned());
    let room = slots::room(connection, &of_queue).await?;
    let limit = room.map_or(from.limit, |room| from.limit.min(room.free));
    if limit == 0 {
        return Ok(Claimed {
            is_held_back: true,
            again_in: room.and_then(|room| room.opens_in),
            ..Claimed::default()
        });
    }

    let served = turns.last().get(from.queue).cloned().unwrap_or_default();
    let mut lines = Lines::of(from, limit, served);
    lines.read(connection).await?;
    let chosen = lines.choose();
    turns
        .last()
        .insert(from.queue.to_owned(), lines.served(&chosen));
    Ok(Claimed {
        jobs: claim_chosen(connection, from, &chosen).await?,
        is_held_back: lines.any_full,
        again_in: lines.opens_in,
    })
}

/// The jobs that may run, by their tenants.
struct Lines<'a> {
    from: &'a From<'a>,
    limit: usize,
    served: Served,
    last_key: Option<String>,
    tenants: Vec<(String, Vec<Waiting>)>,
    room: HashMap<String, usize>,
    any_full: bool,
    opens_in: Option<Duration>,
}

struct Waiting {
    priority: i64,
    candidate: Candidate,
}

impl<'a> Lines<'a> {
    fn of(from: &'a From<'a>, limit: usize, served: Served) -> Self {
        Self {
            from,
            limit,
            served,
            last_key: None,
            tenants: Vec::new(),
            room: HashMap::new(),
            any_full: false,
            opens_in: None,
        }
    }

    async fn read(&mut self, connection: &mut SqliteConnection) -> Result<(), StorageError> {
        let tenants: Vec<String> = sqlx::query_scalar(TENANTS)
            .bind(self.from.queue)
            .bind(&self.served.tenant)
            .bind(rows(self.limit + MANY))
            .fetch_all(&mut *connection)
            .await
            .map_err(unavailable)?;
        let keys_of_each = self.limit + MANY / tenants.len().max(1);
        for tenant in tenants {
            let mut jobs = self.line(connection, &tenant, None, self.limit).await?;
            for key in self.keys(connection, &tenant, keys_of_each).await? {
                let free = self.room_of(connection, &key).await?.min(self.limit);
                jobs.extend(self.line(connection, &tenant, Some(&key), free).await?);
                self.last_key = Some(key);
            }
            jobs.sort_unstable_by_key(|job| (Reverse(job.priority), job.candidate.id));
            self.tenants.push((tenant, jobs));
        }
        Ok(())
    }

    async fn keys(
        &self,
        connection: &mut SqliteConnection,
        tenant: &str,
        most: usize,
    ) -> Result<Vec<String>, StorageError> {
        sqlx::query_scalar(KEYS)
            .bind(self.from.queue)
            .bind(tenant)
            .bind(&self.served.key)
            .bind(rows(most))
            .fetch_all(connection)
            .await
            .map_err(unavailable)
    }

    /// How many more jobs of a key may run.
    async fn room_of(
        &mut self,
        connection: &mut SqliteConnection,
        key: &str,
    ) -> Result<usize, StorageError> {
        if let Some(free) = self.room.get(key) {
            return Ok(*free);
        }

        let room = slots::room(connection, &Limited::Key(key.to_owned())).await?;
        let Room { free, opens_in } = room.expect("every key has a limit");
        if free == 0 {
            self.any_full = true;
            self.opens_in = self.opens_in.into_iter().chain(opens_in).min();
        }
        self.room.insert(key.to_owned(), free);
        Ok(free)
    }

    async fn line(
        &self,
        connection: &mut SqliteConnection,
        tenant: &str,
        key: Option<&str>,
        most: usize,
    ) -> Result<Vec<Waiting>, StorageError> {
        let jobs = sqlx::query(LINE)
            .bind(self.from.queue)
            .bind(tenant)
            .bind(key.unwrap_or_default())
            .bind(self.from.kinds)
            .bind(rows(most))
            .fetch_all(connection)
            .await
            .map_err(unavailable)?;
        jobs.iter()
            .map(|row| {
                let candidate = Candidate {
                    id: JobId(column(row, "id")?),
                    key: key.map(str::to_owned),
                };
                let priority = column(row, "priority")?;
                Ok(Waiting {
                    priority,
                    candidate,
                })
            })
            .collect()
    }

    fn choose(&self) -> Vec<Candidate> {
        let mut room = self.room.clone();
        let tenants = self.tenants.iter();
        let lines = tenants.map(|(_, jobs)| jobs.iter().map(|job| job.candidate.clone()));
        in_turn(lines.collect(), self.limit, |key| {
            let free = room.entry(key.to_owned()).or_default();
            let may_run = *free > 0;
            *free -= usize::from(may_run);
            may_run
        })
    }

    fn served(&self, chosen: &[Candidate]) -> Served {
        let has =
            |jobs: &[Waiting], last: &Candidate| jobs.iter().any(|job| job.candidate.id == last.id);
        let tenant = chosen.last().and_then(|last| {
            let found = self.tenants.iter().find(|(_, jobs)| has(jobs, last));
            found.map(|(tenant, _)| tenant.clone())
        });
        Served {
            tenant: tenant.unwrap_or_else(|| self.after_nobody()),
            key: self.last_key.clone().unwrap_or_default(),
        }
    }

    /// Nobody was served of those who were looked at, so the others come next.
    /// Where the next claim begins after one in vain: at the same place, unless there are more
    /// tenants than this one looked at.
    fn after_nobody(&self) -> String {
        let last = self.tenants.get(self.limit + MANY - 1);
        last.map_or_else(|| self.served.tenant.clone(), |(tenant, _)| tenant.clone())
    }
}

async fn claim_chosen(
    connection: &mut SqliteConnection,
    from: &From<'_>,
    chosen: &[Candidate],
) -> Result<Vec<ClaimedJob>, StorageError> {
    let ids: Vec<Uuid> = chosen.iter().map(|job| job.id.0).collect();
    let now = now();
    let claimed = sqlx::query(CLAIM)
        .bind(from.claim.server.0)
        .bind(now)
        .bind(ids_json(ids))
        .fetch_all(&mut *connection)
        .await
        .map_err(unavailable)?;
    let mut by_id = HashMap::new();
    for row in &claimed {
        let job = job(row)?;
        by_id.insert(job.lease.job, job);
    }

    let mut jobs = Vec::with_capacity(chosen.len());
    for candidate in chosen {
        let Some(mut job) = by_id.remove(&candidate.id) else {
            continue;
        };
        let of_queue = Limited::Queue(from.queue.to_owned());
        let of_key = candidate.key.clone().map(Limited::Key);
        for of in [of_queue].into_iter().chain(of_key) {
            job.is_rated |= slots::take(connection, &of, job.lease, now).await?;
        }
        jobs.push(job);
    }
    Ok(jobs)
}
