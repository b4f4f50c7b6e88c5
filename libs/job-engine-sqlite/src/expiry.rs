//! Removing what nobody keeps any longer.

use job_engine::Retention;
use job_engine::storage::expiry::{Place, Stretch, Sweeps, Swept};
use job_engine::storage::{Limit, StorageError};
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use crate::clock::now;
use crate::convert::{delay_micros, duration, ids_json, micros, rows, unavailable};
use crate::recurring::remember_ends;
use crate::throughput;
use crate::writer::Writer;

const FORGET_RETENTION: &str = "delete from job_engine_retentions where kind = $1";

const SET_RETENTION: &str = "
insert into job_engine_retentions (kind, succeeded, deleted) values ($1, $2, $3)";

const RETENTIONS: &str = "
select kind, succeeded, deleted from job_engine_retentions order by kind";

const STRETCH: &str = "
select id, kind, ended_at
from job_engine_jobs
where state = $1 and (ended_at, id) > ($2, $3) and ended_at <= $4
order by ended_at, id
limit $5";

const FORGET_HISTORY: &str = "
delete from job_engine_history where job in (select unhex(value) from json_each($1))";

const FORGET_LOG: &str = "
delete from job_engine_log where job in (select unhex(value) from json_each($1))";

const FORGET_FAMILY: &str = "
delete from job_engine_families where child in (select unhex(value) from json_each($1))";

/// Those that nobody has requeued since they were looked at.
const STILL_EXPIRED: &str = "
select id from job_engine_jobs
where id in (select unhex(value) from json_each($1)) and state = $2 and ended_at <= $3";

const REMOVE: &str = "
delete from job_engine_jobs where id in (select unhex(value) from json_each($1))";

/// Keys of jobs that were removed.
const FORGET_KEYS_OF: &str = "
delete from job_engine_keys
where job in (select unhex(value) from json_each($1)) and coalesce(held_until, 0) <= $2";

/// Keys whose time has passed and whose jobs were removed before.
const FORGET_KEYS: &str = "
delete from job_engine_keys
where (kind, key) in (
  select kind, key from job_engine_keys where held_until <= $1 order by held_until limit $2
) and not exists (select 1 from job_engine_jobs where id = job_engine_keys.job)";

/// Keys whose time has passed and whose jobs are kept: they go with them.
const HOLD_BY_STATE: &str = "
update job_engine_keys set held_until = null
where (kind, key) in (
  select kind, key from job_engine_keys where held_until <= $1 order by held_until limit $2
)";

/// While a job of a batch rests in the dead letter queue, the batch may be opened again.
const FORGET_BATCHES: &str = "
delete from job_engine_batches
where id in (
  select id from job_engine_batches
  where ended_at <= $1 and failed = 0
  order by ended_at
  limit $2
)";

/// Slots of keys that nobody uses any more: a period is a day at most.
const FORGET_SLOTS: &str = "
delete from job_engine_slots
where taken_at <= $1 and not exists (
  select 1 from job_engine_jobs as held
  where held.id = job_engine_slots.job and held.epoch = job_engine_slots.epoch
    and held.state = 'Processing'
)";

pub(crate) async fn set_retentions(
    writer: &Writer,
    kinds: &[(String, Option<Retention>)],
) -> Result<(), StorageError> {
    let mut write = writer.quick().await?;
    for (kind, own) in kinds {
        sqlx::query(FORGET_RETENTION)
            .bind(kind)
            .execute(&mut *write.transaction)
            .await
            .map_err(unavailable)?;
        let Some(own) = own else { continue };
        sqlx::query(SET_RETENTION)
            .bind(kind)
            .bind(delay_micros(own.succeeded))
            .bind(delay_micros(own.deleted))
            .execute(&mut *write.transaction)
            .await
            .map_err(unavailable)?;
    }
    write.commit().await
}

pub(crate) async fn remove_expired(
    pool: &SqlitePool,
    writer: &Writer,
    sweeps: &Sweeps,
    general: Retention,
    limit: usize,
) -> Result<usize, StorageError> {
    let own = retentions(pool).await?;
    let mut sweep = sweeps.begin(general, &own, limit);
    while let Some(stretch) = sweep.next() {
        let swept = sweep_stretch(pool, writer, &stretch).await?;
        sweep.was_swept(&stretch, swept);
    }

    let mut write = writer.quick().await?;
    forget_others(&mut write.transaction, general, limit).await?;
    write.commit().await?;
    Ok(sweep.removed())
}

async fn retentions(pool: &SqlitePool) -> Result<Vec<(String, Retention)>, StorageError> {
    let found: Vec<(String, i64, i64)> = sqlx::query_as(RETENTIONS)
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    let retention = |(kind, succeeded, deleted)| {
        let own = Retention {
            succeeded: duration(succeeded),
            deleted: duration(deleted),
        };
        (kind, own)
    };
    Ok(found.into_iter().map(retention).collect())
}

/// Only reads unless something has expired.
async fn sweep_stretch(
    pool: &SqlitePool,
    writer: &Writer,
    stretch: &Stretch,
) -> Result<Swept, StorageError> {
    let rule = &stretch.rule;
    let before = now() - delay_micros(rule.retention);
    let seen: Vec<(Uuid, String, i64)> = sqlx::query_as(STRETCH)
        .bind(rule.state.name())
        .bind(stretch.after.ended_at)
        .bind(stretch.after.job)
        .bind(before)
        .bind(rows(stretch.limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;

    let is_meant = |kind: &String| rule.kinds.contains(kind) != rule.others;
    let expired = seen.iter().filter(|(_, kind, _)| is_meant(kind));
    let expired: Vec<Uuid> = expired.map(|(id, ..)| *id).collect();
    let mut removed = 0;
    if !expired.is_empty() {
        removed = remove(writer, stretch, before, &ids_json(expired)).await?;
    }
    Ok(Swept {
        looked_at: seen.len(),
        removed,
        last: seen.last().map(|(job, _, ended_at)| Place {
            ended_at: *ended_at,
            job: *job,
        }),
    })
}

async fn remove(
    writer: &Writer,
    stretch: &Stretch,
    before: i64,
    expired: &str,
) -> Result<usize, StorageError> {
    let mut write = writer.quick().await?;
    let ids: Vec<Uuid> = sqlx::query_scalar(STILL_EXPIRED)
        .bind(expired)
        .bind(stretch.rule.state.name())
        .bind(before)
        .fetch_all(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    let removed = ids.len();
    let ids = ids_json(ids);
    remember_ends(&mut write.transaction, &ids).await?;
    for statement in [FORGET_HISTORY, FORGET_LOG, FORGET_FAMILY, REMOVE] {
        sqlx::query(statement)
            .bind(&ids)
            .execute(&mut *write.transaction)
            .await
            .map_err(unavailable)?;
    }
    sqlx::query(FORGET_KEYS_OF)
        .bind(&ids)
        .bind(now())
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    write.commit().await?;
    Ok(removed)
}

async fn forget_others(
    connection: &mut SqliteConnection,
    general: Retention,
    limit: usize,
) -> Result<(), StorageError> {
    for (statement, before) in [
        (FORGET_KEYS, now()),
        (HOLD_BY_STATE, now()),
        (FORGET_BATCHES, now() - delay_micros(general.longest())),
    ] {
        sqlx::query(statement)
            .bind(before)
            .bind(rows(limit))
            .execute(&mut *connection)
            .await
            .map_err(unavailable)?;
    }
    sqlx::query(FORGET_SLOTS)
        .bind(now() - micros(2 * Limit::LONGEST_PERIOD))
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    throughput::forget(connection, now()).await
}
