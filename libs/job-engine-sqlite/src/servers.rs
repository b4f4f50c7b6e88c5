use std::time::Duration;

use job_engine::storage::{
    Heartbeat, JobId, Lease, Rescued, ServerAnnouncement, ServerId, ServerOrder, StorageError,
    reasons,
};
use serde_json::json;
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::claimed::lease;
use crate::clock::now;
use crate::convert::{delay_micros, ids_json, leases_json, rows, text, unavailable};
use crate::writer::Writer;

const ANNOUNCE: &str = "
insert or replace into job_engine_servers
  (id, name, queues, workers, started_at, heartbeat_at, kinds)
values ($1, $2, $3, $4, $5, $5, $6)";

const HEARTBEAT: &str = "
update job_engine_servers set heartbeat_at = $2 where id = $1 returning told";

/// Who was told to stop is not told otherwise.
const ORDER: &str = "
update job_engine_servers set told = $2
where id = $1 and told is not $2 and told is not 'stop'";

/// `$1` is a JSON array of `[id, epoch]`.
const HELD: &str = "
select job.id, job.epoch
from json_each($1) as lease
cross join job_engine_jobs as job
where job.id = unhex(lease.value ->> 0) and job.epoch = lease.value ->> 1
  and job.state = 'Processing'";

const FORGET: &str = "delete from job_engine_servers where id = $1";

/// `$2` is a JSON array of the servers whose locks were free. A heartbeat far in the future (`$3`) is
/// from before the clock was set back.
const BURY: &str = "
delete from job_engine_servers
where heartbeat_at <= $1 or heartbeat_at > $3 or id in (select unhex(value) from json_each($2))
returning id";

/// What the servers `$1` hold, but for the leases `$2`.
const REMEMBER: &str = "
insert into job_engine_history
  (job, stage, attempt, enqueued_at, enqueue_reason, claimed_at, server)
select id, stages, attempts, enqueued_at, enqueue_reason, claimed_at, server
from job_engine_jobs
where state = 'Processing' and server in (select unhex(value) from json_each($1))
  and (id, epoch) not in (select unhex(value ->> 0), value ->> 1 from json_each($2))";

const GIVE_BACK: &str = "
update job_engine_jobs
set state = 'Enqueued', changed_at = $3, enqueued_at = $3, enqueue_reason = $4,
  attempts = attempts - 1,
  abandoned = abandoned + iif(abandoned = 0 or begun is epoch, $5, 0), stages = stages + 1, claimed_at = null,
  server = null
where state = 'Processing' and server in (select unhex(value) from json_each($1))
  and (id, epoch) not in (select unhex(value ->> 0), value ->> 1 from json_each($2))
returning id";

pub(crate) async fn announce(
    writer: &Writer,
    server: &ServerAnnouncement,
) -> Result<(), StorageError> {
    let mut write = writer.quick().await?;
    sqlx::query(ANNOUNCE)
        .bind(server.id.0)
        .bind(text(&server.name))
        .bind(json!(server.queues).to_string())
        .bind(rows(server.workers))
        .bind(now())
        .bind(json!(server.kinds).to_string())
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    write.commit().await
}

pub(crate) async fn heartbeat(
    writer: &Writer,
    server: ServerId,
    leases: &[Lease],
) -> Result<Heartbeat, StorageError> {
    let mut write = writer.quick().await?;
    let told: Option<Option<String>> = sqlx::query_scalar(HEARTBEAT)
        .bind(server.0)
        .bind(now())
        .fetch_optional(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    let held = sqlx::query(HELD)
        .bind(leases_json(leases))
        .fetch_all(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    write.commit().await?;

    let Some(told) = told else {
        return Ok(Heartbeat::Gone);
    };
    let held = held.iter().map(lease).collect::<Result<Vec<_>, _>>()?;
    let is_lost = |lease: &&Lease| !held.contains(lease);
    Ok(Heartbeat::Alive {
        lost: leases.iter().filter(is_lost).copied().collect(),
        order: told.as_deref().map(ServerOrder::of_name).transpose()?,
    })
}

/// Answers whether this changed anything.
pub(crate) async fn order(
    connection: &mut SqliteConnection,
    server: ServerId,
    order: Option<ServerOrder>,
) -> Result<bool, StorageError> {
    let told = sqlx::query(ORDER)
        .bind(server.0)
        .bind(order.map(ServerOrder::name))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(told.rows_affected() > 0)
}

/// Answers how many jobs were given back.
pub(crate) async fn retire(writer: &Writer, server: ServerId) -> Result<usize, StorageError> {
    let mut write = writer.quick().await?;
    sqlx::query(FORGET)
        .bind(server.0)
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    let jobs = Holders::one(server, &[])
        .give_back(&mut write.transaction, reasons::SERVER_STOPPED, 0)
        .await
        .map_err(unavailable)?;
    write.commit().await?;
    Ok(jobs.len())
}

/// Answers how many jobs were given back.
pub(crate) async fn give_back_except(
    writer: &Writer,
    server: ServerId,
    held: &[Lease],
) -> Result<usize, StorageError> {
    let mut write = writer.quick().await?;
    let jobs = Holders::one(server, held)
        .give_back(&mut write.transaction, reasons::CLAIM_LOST, 0)
        .await
        .map_err(unavailable)?;
    write.commit().await?;
    Ok(jobs.len())
}

/// Takes out the servers whose locks were free, and those without heartbeats.
pub(crate) async fn rescue(
    writer: &Writer,
    timeout: Duration,
    silent: &[ServerId],
) -> Result<Rescued, StorageError> {
    let mut write = writer.quick().await?;
    let (now, timeout) = (now(), delay_micros(timeout));
    let mut servers: Vec<Uuid> = sqlx::query_scalar(BURY)
        .bind(now - timeout)
        .bind(ids_json(silent.iter().map(|server| server.0)))
        .bind(now + timeout)
        .fetch_all(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    if servers.is_empty() {
        return Ok(Rescued::default());
    }

    servers.sort_unstable();
    let jobs = Holders::all(&servers)
        .give_back(&mut write.transaction, reasons::SERVER_DIED, 1)
        .await
        .map_err(unavailable)?;
    write.commit().await?;
    Ok(Rescued {
        servers: servers.into_iter().map(ServerId).collect(),
        jobs: jobs.into_iter().map(JobId).collect(),
    })
}

/// Servers that lose what they hold, but for some leases; both as JSON.
struct Holders {
    servers: String,
    except: String,
}

impl Holders {
    fn one(server: ServerId, except: &[Lease]) -> Self {
        Self {
            servers: ids_json([server.0]),
            except: leases_json(except),
        }
    }

    fn all(servers: &[Uuid]) -> Self {
        Self {
            servers: ids_json(servers.iter().copied()),
            except: leases_json(&[]),
        }
    }

    async fn give_back(
        self,
        connection: &mut SqliteConnection,
        reason: &str,
        abandoned: i64,
    ) -> sqlx::Result<Vec<Uuid>> {
        sqlx::query(REMEMBER)
            .bind(&self.servers)
            .bind(&self.except)
            .execute(&mut *connection)
            .await?;
        sqlx::query_scalar(GIVE_BACK)
            .bind(&self.servers)
            .bind(&self.except)
            .bind(now())
            .bind(reason)
            .bind(abandoned)
            .fetch_all(connection)
            .await
    }
}
