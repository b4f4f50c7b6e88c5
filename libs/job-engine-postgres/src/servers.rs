use std::time::Duration;

use job_engine::storage::{
    Heartbeat, JobId, Lease, Rescued, ServerAnnouncement, ServerId, ServerOrder, StorageError,
    reasons,
};
use sqlx::{PgConnection, PgExecutor, PgPool, Row};
use uuid::Uuid;

use crate::convert::{delay_micros, text, unavailable};
use crate::line::Note;
use crate::noted_lines;
use crate::transaction::begin;

/// With the key of the lock that the session holds, a free lock means death from now on: one that
/// was lost meanwhile says nothing. Answers what is noted of the lines before the queues.
const ANNOUNCE: &str = "
with announced as (
  insert into job_engine.servers
    (id, name, queues, workers, started_at, heartbeat_at, kinds)
  values ($1, $2, $3, $4, clock_timestamp(), clock_timestamp(), $5)
  on conflict (id) do update
  set name = excluded.name, queues = excluded.queues, workers = excluded.workers,
    started_at = excluded.started_at, heartbeat_at = excluded.heartbeat_at, kinds = excluded.kinds
  returning id
), pulse as (
  insert into job_engine.pulses (server, key, taken_under)
  select id, $6, pg_postmaster_start_time() from announced where $6 is not null
  on conflict (server) do update set key = excluded.key, taken_under = excluded.taken_under
)
select queue, priorities, claimed, took, slow,
  (extract(epoch from clock_timestamp() - looked_at) * 1000000)::bigint as ago
from job_engine.lines
where queue = any ($3) and looked_at <= clock_timestamp()";

const HEARTBEAT: &str = "
update job_engine.servers set heartbeat_at = clock_timestamp() where id = $1 returning told";

/// Who was told to stop is not told otherwise.
const ORDER: &str = "
update job_engine.servers set told = $2
where id = $1 and told is distinct from $2 and told is distinct from 'stop'";

const LOST: &str = "
select lease.id, lease.epoch
from unnest($1::uuid[], $2::bigint[]) as lease (id, epoch)
where not exists (
  select from job_engine.ready r
  where r.id = lease.id and r.epoch = lease.epoch and r.server is not null
)";

/// Waits for claims that the server is making just now.
const RETIRE: &str = "delete from job_engine.servers where id = $1";

/// Waits as well, and keeps new claims waiting.
const LOCK: &str = "select from job_engine.servers where id = $1 for update";

const SILENT: &str = "
select server from job_engine.pulses
where taken_under = pg_postmaster_start_time() and pg_try_advisory_xact_lock_shared(key)";

/// The lock is kept until the end of the transaction, so that a process that was taken for dead
/// cannot come back in between. A pulse that is gone says that PostgreSQL has recovered from a
/// crash since the server was found silent. A heartbeat far in the future is from before the clock
/// was set back.
const BURY: &str = "
with silent as materialized (
  select server from job_engine.pulses
  where server = any($2) and taken_under = pg_postmaster_start_time()
    and pg_try_advisory_xact_lock(key)
)
delete from job_engine.servers
where heartbeat_at <= clock_timestamp() - $1 * interval '1 microsecond'
  or heartbeat_at > clock_timestamp() + $1 * interval '1 microsecond'
  or id in (select server from silent)
returning id";

/// How long a server may be without its lock: its connection may have been lost alone, and it is
/// taking the lock again.
const GRACE: Duration = Duration::from_millis(30);

const GIVE_BACK: &str = "
with held as (
  select * from job_engine.ready
  where server = any($1) and (id, epoch) not in (
    select lease.id, lease.epoch from unnest($4::uuid[], $5::bigint[]) as lease (id, epoch)
  )
  order by id
  for update
), past as (
  insert into job_engine.history
    (job, stage, attempt, enqueued_at, claimed_at, server, enqueue_reason)
  select id, stages, attempts + 1, enqueued_at, claimed_at, server, reason from held
)
update job_engine.ready r
set server = null, claimed_at = null, stages = r.stages + 1, enqueued_at = clock_timestamp(),
  reason = $2,
  abandoned = r.abandoned + case when r.abandoned = 0 or r.begun = r.epoch then $3 else 0 end
from held
where r.id = held.id
returning r.id";

/// `pulse` is the key of the lock that the session holds.
pub(crate) async fn announce(
    session: impl PgExecutor<'_>,
    server: &ServerAnnouncement,
    pulse: Option<i64>,
) -> sqlx::Result<Vec<Note>> {
    let noted = sqlx::query(ANNOUNCE)
        .bind(server.id.0)
        .bind(text(&server.name))
        .bind(&server.queues)
        .bind(i32::try_from(server.workers).unwrap_or(i32::MAX))
        .bind(&server.kinds)
        .bind(pulse)
        .fetch_all(session)
        .await?;
    noted.iter().map(noted_lines::note).collect()
}

pub(crate) async fn heartbeat(
    pool: &PgPool,
    server: ServerId,
    leases: &[Lease],
) -> Result<Heartbeat, StorageError> {
    let told: Option<Option<String>> = sqlx::query_scalar(HEARTBEAT)
        .bind(server.0)
        .fetch_optional(pool)
        .await
        .map_err(unavailable)?;
    let Some(told) = told else {
        return Ok(Heartbeat::Gone);
    };
    let order = told.as_deref().map(ServerOrder::of_name).transpose()?;
    if leases.is_empty() {
        let lost = Vec::new();
        return Ok(Heartbeat::Alive { lost, order });
    }

    let (jobs, epochs) = columns(leases);
    let lost = sqlx::query(LOST)
        .bind(jobs)
        .bind(epochs)
        .try_map(|row: sqlx::postgres::PgRow| {
            Ok(Lease {
                job: JobId(row.try_get(0)?),
                epoch: row.try_get(1)?,
            })
        })
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    Ok(Heartbeat::Alive { lost, order })
}

/// Answers whether this changed anything.
pub(crate) async fn order(
    executor: impl PgExecutor<'_>,
    server: ServerId,
    order: Option<ServerOrder>,
) -> Result<bool, StorageError> {
    let told = sqlx::query(ORDER)
        .bind(server.0)
        .bind(order.map(ServerOrder::name))
        .execute(executor)
        .await
        .map_err(unavailable)?;
    Ok(told.rows_affected() > 0)
}

/// Answers how many jobs were given back.
pub(crate) async fn retire(pool: &PgPool, server: ServerId) -> Result<usize, StorageError> {
    let mut transaction = begin(pool).await.map_err(unavailable)?;
    sqlx::query(RETIRE)
        .bind(server.0)
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
    let jobs = give_back(
        &mut transaction,
        &[server.0],
        reasons::SERVER_STOPPED,
        0,
        &[],
    )
    .await
    .map_err(unavailable)?;
    transaction.commit().await.map_err(unavailable)?;
    Ok(jobs.len())
}

/// Answers how many jobs were given back.
pub(crate) async fn give_back_except(
    pool: &PgPool,
    server: ServerId,
    held: &[Lease],
) -> Result<usize, StorageError> {
    let mut transaction = begin(pool).await.map_err(unavailable)?;
    sqlx::query(LOCK)
        .bind(server.0)
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
    let jobs = give_back(&mut transaction, &[server.0], reasons::CLAIM_LOST, 0, held)
        .await
        .map_err(unavailable)?;
    transaction.commit().await.map_err(unavailable)?;
    Ok(jobs.len())
}

pub(crate) async fn rescue(pool: &PgPool, timeout: Duration) -> Result<Rescued, StorageError> {
    let silent: Vec<Uuid> = sqlx::query_scalar(SILENT)
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    if !silent.is_empty() {
        tokio::time::sleep(GRACE).await;
    }
    bury(pool, timeout, &silent).await.map_err(unavailable)
}

/// Takes out those of `silent` that are silent still, and those without heartbeats.
async fn bury(pool: &PgPool, timeout: Duration, silent: &[Uuid]) -> sqlx::Result<Rescued> {
    let mut transaction = begin(pool).await?;
    let mut servers: Vec<Uuid> = sqlx::query_scalar(BURY)
        .bind(delay_micros(timeout))
        .bind(silent)
        .fetch_all(&mut *transaction)
        .await?;
    if servers.is_empty() {
        return Ok(Rescued::default());
    }

    // A statement of its own, which sees the claims that the deletion waited for.
    let jobs = give_back(&mut transaction, &servers, reasons::SERVER_DIED, 1, &[]).await?;
    transaction.commit().await?;
    servers.sort_unstable();
    Ok(Rescued {
        servers: servers.into_iter().map(ServerId).collect(),
        jobs: jobs.into_iter().map(JobId).collect(),
    })
}

async fn give_back(
    connection: &mut PgConnection,
    servers: &[Uuid],
    reason: &str,
    abandoned: i32,
    except: &[Lease],
) -> sqlx::Result<Vec<Uuid>> {
    let (jobs, epochs) = columns(except);
    sqlx::query_scalar(GIVE_BACK)
        .bind(servers)
        .bind(reason)
        .bind(abandoned)
        .bind(jobs)
        .bind(epochs)
        .fetch_all(connection)
        .await
}

fn columns(leases: &[Lease]) -> (Vec<Uuid>, Vec<i64>) {
    leases
        .iter()
        .map(|lease| (lease.job.0, lease.epoch))
        .unzip()
}
