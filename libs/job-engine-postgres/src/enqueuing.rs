use std::io;

use job_engine::storage::StorageError;
use job_engine::storage::check::{check_order, repeated_keys, without};
use job_engine::{Duplicate, NewJob, count_enqueued};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres};
use uuid::Uuid;

use crate::convert::{sparse, unavailable};
use crate::following::{AWAIT_PARENTS, JOIN_BATCHES, Keys, TAKE_KEYS, Waits, batches, duplicates};
use crate::rows::{AwaitingRows, LaterRows, Rows, Sorted, range};

/// Jobs that may run now. Known ids are looked for first, so that a repeated call is an error and
/// not a second run: one by one only where there are ids between the lowest (`$12`) and the highest.
macro_rules! enqueue_now {
    ($with:literal, $columns:literal, $values:literal, $returning:literal) => {
        concat!(
            $with,
            "
insert into job_engine.ready
  (id, kind, queue, priority, arguments, tenant, tags, version, trace, limit_key, batch, awaited,
   created_at, enqueued_at",
            $columns,
            ")
select id, kind, queue, priority, arguments, tenant, tags::text[], version, trace, limit_key, batch,
  nullif(batch is not null, false), statement_timestamp(), statement_timestamp()",
            $values,
            "
from unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[],
    $7::text[], $8::integer[], $9::text[], $10::text[], $11::uuid[])
  as j (id, kind, queue, priority, arguments, tenant, tags, version, trace, limit_key, batch)
where not exists (
  select from job_engine.ready where id between $12 and $13
  union all select from job_engine.waiting where id between $12 and $13
  union all select from job_engine.finished where id between $12 and $13
) or not exists (
  select from unnest($1::uuid[]) as k (id) join job_engine.ready using (id)
  union all select from unnest($1::uuid[]) as k (id) join job_engine.waiting using (id)
  union all select from unnest($1::uuid[]) as k (id) join job_engine.finished using (id)
)",
            $returning
        )
    };
}

pub(crate) use enqueue_now;

pub(crate) const ENQUEUE_NOW: &str = enqueue_now!("", "", "", "");

/// Jobs that wait for their time: `$12` microseconds from now, or until `$13` microseconds of the
/// Unix epoch.
pub(crate) const ENQUEUE_LATER: &str = "
with jobs as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[],
    $7::text[], $8::integer[], $9::text[], $10::text[], $11::uuid[], $12::bigint[], $13::bigint[])
    as j (id, kind, queue, priority, arguments, tenant, tags, version, trace, limit_key, batch,
      delay, due)
)
insert into job_engine.waiting
  (id, kind, queue, priority, arguments, tenant, tags, version, trace, limit_key, batch, awaited,
   created_at, changed_at, due_at)
select id, kind, queue, priority, arguments, tenant, tags::text[], version, trace, limit_key, batch,
  nullif(batch is not null, false), statement_timestamp(), statement_timestamp(),
  coalesce(
    statement_timestamp() + delay * interval '1 microsecond',
    'epoch'::timestamptz + due * interval '1 microsecond'
  )
from jobs
where not exists (
  select from jobs join job_engine.ready using (id)
  union all select from jobs join job_engine.waiting using (id)
  union all select from jobs join job_engine.finished using (id)
)";

/// Jobs that wait for others, and then as those above: `$14` says how the others have to end, `$15`
/// what the history says of it.
pub(crate) const ENQUEUE_AWAITING: &str = "
with jobs as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[],
    $7::text[], $8::integer[], $9::text[], $10::text[], $11::uuid[], $12::bigint[], $13::bigint[],
    $14::text[], $15::text[])
    as j (id, kind, queue, priority, arguments, tenant, tags, version, trace, limit_key, batch,
      delay, due, continue_on, reason)
)
insert into job_engine.waiting
  (id, kind, queue, priority, arguments, tenant, tags, version, trace, limit_key, batch, awaited,
   created_at, changed_at, due_at, delay, release_at, continue_on, reason)
select id, kind, queue, priority, arguments, tenant, tags::text[], version, trace, limit_key, batch,
  nullif(batch is not null, false), statement_timestamp(), statement_timestamp(), 'infinity',
  delay, 'epoch'::timestamptz + due * interval '1 microsecond', continue_on, reason
from jobs
where not exists (
  select from jobs join job_engine.ready using (id)
  union all select from jobs join job_engine.waiting using (id)
  union all select from jobs join job_engine.finished using (id)
)";

/// Enqueues the jobs in the caller's transaction: they exist when it commits.
///
/// Nothing is announced, because nothing has happened yet: after the commit call
/// [`announce_enqueued`](job_engine::Storage::announce_enqueued), or leave it to the workers'
/// polling. An error leaves the transaction to be rolled back. The answer tells which jobs were not
/// stored because others hold their keys.
///
/// Until it commits, whoever takes a key of these jobs or ends a job that they continue waits for
/// the transaction; keep it short.
///
/// ```no_run
/// # async fn create(pool: &sqlx::PgPool, job: job_engine::NewJob) -> Result<(), Box<dyn std::error::Error>> {
/// let mut transaction = pool.begin().await?;
/// sqlx::query("insert into tenants (name) values ('Acme')").execute(&mut *transaction).await?;
/// job_engine_postgres::enqueue(&mut transaction, &[job]).await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
pub async fn enqueue(
    connection: &mut PgConnection,
    jobs: &[NewJob],
) -> Result<Vec<Duplicate>, StorageError> {
    let duplicates = store(connection, jobs).await?;
    count_enqueued(jobs, &duplicates);
    Ok(duplicates)
}

/// As [`enqueue`], for who counts the jobs elsewhere.
pub(crate) async fn store(
    connection: &mut PgConnection,
    jobs: &[NewJob],
) -> Result<Vec<Duplicate>, StorageError> {
    if jobs.iter().all(NewJob::is_plain) {
        insert(connection, jobs).await?;
        return Ok(Vec::new());
    }

    check_order(jobs)?;
    let mut duplicates = repeated_keys(jobs);
    duplicates.extend(take_keys(connection, Keys::of(&without(jobs, &duplicates))).await?);
    let jobs = without(jobs, &duplicates);
    join_batches(connection, batches(&jobs)).await?;
    insert(connection, jobs.iter().copied()).await?;
    await_parents(connection, Waits::of(&jobs)).await?;
    Ok(duplicates)
}

async fn insert<'a>(
    connection: &mut PgConnection,
    jobs: impl IntoIterator<Item = &'a NewJob>,
) -> Result<(), StorageError> {
    let Sorted {
        now,
        later,
        awaiting,
    } = Sorted::of(jobs);
    if !now.ids.is_empty() {
        insert_now(connection, now).await?;
    }
    if !later.rows.ids.is_empty() {
        insert_later(connection, later).await?;
    }
    if !awaiting.reasons.is_empty() {
        insert_awaiting(connection, awaiting).await?;
    }
    Ok(())
}

async fn insert_now(connection: &mut PgConnection, rows: Rows<'_>) -> Result<(), StorageError> {
    let expected = rows.ids.len();
    let inserted = insertion(ENQUEUE_NOW, rows)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    all_inserted(expected, inserted.rows_affected())
}

/// What an [`enqueue_now`] begins with.
pub(crate) fn insertion<'a>(
    statement: &'static str,
    rows: Rows<'a>,
) -> Query<'a, Postgres, PgArguments> {
    let (lowest, highest) = range(&rows.ids);
    sqlx::query(statement)
        .bind(rows.ids)
        .bind(rows.kinds)
        .bind(rows.queues)
        .bind(rows.priorities)
        .bind(rows.arguments)
        .bind(sparse(rows.tenants))
        .bind(sparse(rows.tags))
        .bind(sparse(rows.versions))
        .bind(sparse(rows.traces))
        .bind(sparse(rows.limit_keys))
        .bind(sparse(rows.batches))
        .bind(lowest)
        .bind(highest)
}

async fn insert_later(
    connection: &mut PgConnection,
    later: LaterRows<'_>,
) -> Result<(), StorageError> {
    let expected = later.rows.ids.len();
    let inserted = sqlx::query(ENQUEUE_LATER)
        .bind(later.rows.ids)
        .bind(later.rows.kinds)
        .bind(later.rows.queues)
        .bind(later.rows.priorities)
        .bind(later.rows.arguments)
        .bind(later.rows.tenants)
        .bind(later.rows.tags)
        .bind(later.rows.versions)
        .bind(later.rows.traces)
        .bind(later.rows.limit_keys)
        .bind(later.rows.batches)
        .bind(later.delays)
        .bind(later.times)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    all_inserted(expected, inserted.rows_affected())
}

async fn insert_awaiting(
    connection: &mut PgConnection,
    awaiting: AwaitingRows<'_>,
) -> Result<(), StorageError> {
    let AwaitingRows { later, .. } = awaiting;
    let expected = later.rows.ids.len();
    let inserted = sqlx::query(ENQUEUE_AWAITING)
        .bind(later.rows.ids)
        .bind(later.rows.kinds)
        .bind(later.rows.queues)
        .bind(later.rows.priorities)
        .bind(later.rows.arguments)
        .bind(later.rows.tenants)
        .bind(later.rows.tags)
        .bind(later.rows.versions)
        .bind(later.rows.traces)
        .bind(later.rows.limit_keys)
        .bind(later.rows.batches)
        .bind(later.delays)
        .bind(later.times)
        .bind(awaiting.continue_on)
        .bind(awaiting.reasons)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    all_inserted(expected, inserted.rows_affected())
}

async fn take_keys(
    connection: &mut PgConnection,
    keys: Keys<'_>,
) -> Result<Vec<Duplicate>, StorageError> {
    if keys.jobs.is_empty() {
        return Ok(Vec::new());
    }
    let answers: Vec<(Uuid, Option<Uuid>)> = sqlx::query_as(TAKE_KEYS)
        .bind(keys.jobs)
        .bind(keys.kinds)
        .bind(keys.names)
        .bind(keys.states)
        .bind(keys.holds)
        .bind(keys.replacements)
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    Ok(duplicates(answers))
}

async fn join_batches(
    connection: &mut PgConnection,
    batches: Vec<Uuid>,
) -> Result<(), StorageError> {
    if batches.is_empty() {
        return Ok(());
    }
    sqlx::query(JOIN_BATCHES)
        .bind(batches)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn await_parents(connection: &mut PgConnection, waits: Waits) -> Result<(), StorageError> {
    if waits.children.is_empty() {
        return Ok(());
    }
    sqlx::query(AWAIT_PARENTS)
        .bind(waits.children)
        .bind(waits.parents)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

pub(crate) fn all_inserted(expected: usize, inserted: u64) -> Result<(), StorageError> {
    if inserted == expected as u64 {
        return Ok(());
    }
    Err(StorageError::unavailable(io::Error::other(
        "a job with one of these ids is stored already; nothing was enqueued",
    )))
}
