//! Removing what nobody keeps any longer.

use job_engine::Retention;
use job_engine::storage::StorageError;
use job_engine::storage::expiry::{Place, Stretch, Sweeps, Swept};
use sqlx::{PgPool, Row};

use crate::convert::{count, delay_micros, duration, rows, unavailable};
use crate::{copying, throughput};

/// Of the kinds `$1` those that have their own are `$2`.
const SET_RETENTIONS: &str = "
with forgotten as (
  delete from job_engine.retentions r where r.kind = any($1) and r.kind <> all ($2)
)
insert into job_engine.retentions (kind, succeeded, deleted)
select kind, succeeded, deleted
from unnest($2::text[], $3::bigint[], $4::bigint[]) as kept (kind, succeeded, deleted)
order by kind
on conflict (kind) do update set succeeded = excluded.succeeded, deleted = excluded.deleted";

const RETENTIONS: &str = "
select kind, succeeded, deleted from job_engine.retentions order by kind";

/// Looks at a stretch of the jobs of a state, and removes those of the kinds that are asked for.
const SWEEP: &str = "
with seen as materialized (
  select id, kind, changed_at
  from job_engine.finished
  where state = $1::job_engine.state
    and changed_at >= timestamptz 'epoch' + $2 * interval '1 microsecond'
    and (changed_at, id) > (timestamptz 'epoch' + $2 * interval '1 microsecond', $3)
    and changed_at <= statement_timestamp() - $4 * interval '1 microsecond'
  order by changed_at, id
  limit $7
), expired as (
  select f.id
  from job_engine.finished f
  join seen on seen.id = f.id
  where f.state = $1::job_engine.state and f.changed_at = seen.changed_at
    and (f.kind = any ($5)) <> $6
  for update of f skip locked
), removed as (
  delete from job_engine.finished f using expired where f.id = expired.id
  returning f.id, f.state, f.duration
), counted as (
  insert into job_engine.tally (state, jobs) select state, -count(*) from removed group by state
), past as (
  delete from job_engine.history h using removed where h.job = removed.id
), noted as (
  update job_engine.recurring_runs r set state = removed.state, duration = removed.duration
  from removed
  where r.job = removed.id
), said as (
  delete from job_engine.log l using removed where l.job = removed.id
), progress as (
  delete from job_engine.progress p using removed where p.job = removed.id
), family as (
  delete from job_engine.families f using removed where f.child = removed.id
), keys as (
  delete from job_engine.unique_keys k using removed
  where k.job = removed.id and (k.held_until is null or k.held_until <= statement_timestamp())
), last as (
  select (extract(epoch from changed_at) * 1000000)::bigint as at, id
  from seen
  order by changed_at desc, id desc
  limit 1
)
select (select count(*) from seen), (select count(*) from removed), (select at from last),
  (select id from last)";

/// Keys whose time has passed and whose jobs were removed before.
const FORGET_KEYS: &str = "
delete from job_engine.unique_keys k
where (k.kind, k.key) in (
    select kind, key from job_engine.unique_keys
    where held_until <= statement_timestamp()
    order by held_until
    limit $1
    for update skip locked
  )
  and not exists (select from job_engine.jobs j where j.id = k.job)";

/// Keys whose time has passed and whose jobs are kept: they go with them.
const HOLD_BY_STATE: &str = "
update job_engine.unique_keys k set held_until = null
where (k.kind, k.key) in (
  select kind, key from job_engine.unique_keys
  where held_until <= statement_timestamp()
  order by held_until
  limit $1
  for update skip locked
) and exists (select from job_engine.jobs j where j.id = k.job)";

/// While a job of a batch rests in the dead letter queue, the batch may be opened again.
const FORGET_BATCHES: &str = "
delete from job_engine.batches b
where b.id in (
  select id from job_engine.batches
  where ended_at <= statement_timestamp() - $1 * interval '1 microsecond' and failed = 0
  order by ended_at
  limit $2
  for update skip locked
)";

/// Slots that count towards nothing: a period is a day at most.
const FORGET_SLOTS: &str = "
delete from job_engine.slots s
where s.taken_at < statement_timestamp() - interval '25 hours'
  and not exists (
    select from job_engine.ready r
    where r.id = s.job and r.epoch = s.epoch and r.server is not null
  )";

pub(crate) async fn set_retentions(
    pool: &PgPool,
    kinds: &[(String, Option<Retention>)],
) -> Result<(), StorageError> {
    let all: Vec<&str> = kinds.iter().map(|(kind, _)| kind.as_str()).collect();
    let own = || kinds.iter().filter_map(|(kind, own)| Some((kind, (*own)?)));
    let kept: Vec<&str> = own().map(|(kind, _)| kind.as_str()).collect();
    let succeeded: Vec<i64> = own().map(|(_, it)| delay_micros(it.succeeded)).collect();
    let deleted: Vec<i64> = own().map(|(_, it)| delay_micros(it.deleted)).collect();

    sqlx::query(SET_RETENTIONS)
        .bind(all)
        .bind(kept)
        .bind(succeeded)
        .bind(deleted)
        .execute(pool)
        .await
        .map_err(unavailable)?;
    Ok(())
}

pub(crate) async fn remove_expired(
    pool: &PgPool,
    sweeps: &Sweeps,
    general: Retention,
    limit: usize,
) -> Result<usize, StorageError> {
    let own = retentions(pool).await?;
    let mut sweep = sweeps.begin(general, &own, limit);
    while let Some(stretch) = sweep.next() {
        let swept = sweep_stretch(pool, &stretch).await.map_err(unavailable)?;
        sweep.was_swept(&stretch, swept);
    }

    for forget in [FORGET_KEYS, HOLD_BY_STATE] {
        let forgotten = sqlx::query(forget).bind(rows(limit)).execute(pool).await;
        forgotten.map_err(unavailable)?;
    }
    sqlx::query(FORGET_BATCHES)
        .bind(delay_micros(general.longest()))
        .bind(rows(limit))
        .execute(pool)
        .await
        .map_err(unavailable)?;
    throughput::sum_up(pool).await?;
    copying::forget(pool).await?;
    sqlx::query(FORGET_SLOTS)
        .execute(pool)
        .await
        .map_err(unavailable)?;
    Ok(sweep.removed())
}

async fn retentions(pool: &PgPool) -> Result<Vec<(String, Retention)>, StorageError> {
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

async fn sweep_stretch(pool: &PgPool, stretch: &Stretch) -> sqlx::Result<Swept> {
    let rule = &stretch.rule;
    let row = sqlx::query(SWEEP)
        .bind(rule.state.name())
        .bind(stretch.after.ended_at)
        .bind(stretch.after.job)
        .bind(delay_micros(rule.retention))
        .bind(&rule.kinds)
        .bind(rule.others)
        .bind(rows(stretch.limit))
        .fetch_one(pool)
        .await?;
    let number = |index| -> sqlx::Result<usize> {
        let number: i64 = row.try_get(index)?;
        Ok(usize::try_from(count(number)).unwrap_or(usize::MAX))
    };
    let last = Option::zip(row.try_get(2)?, row.try_get(3)?);
    Ok(Swept {
        looked_at: number(0)?,
        removed: number(1)?,
        last: last.map(|(ended_at, job)| Place { ended_at, job }),
    })
}
