use std::io;

use jiff::Timestamp;
use job_engine::storage::StorageError;
use job_engine::{Due, NewJob};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::convert::{array, delay_micros, later_version, unavailable};

/// Jobs that may run now. Known ids are looked for first, so that a repeated call is an error and
/// not a second run.
pub(crate) const ENQUEUE_NOW: &str = "
with jobs as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::text[],
    $6::text[], $7::text[], $8::integer[], $9::text[])
    as j (id, kind, queue, priority, arguments, tenant, tags, version, limit_key)
)
insert into job_engine.ready
  (id, kind, queue, priority, arguments, tenant, tags, version, limit_key, created_at, enqueued_at)
select id, kind, queue, priority, arguments, tenant, tags::text[], version, limit_key,
  statement_timestamp(), statement_timestamp()
from jobs
where not exists (
  select from jobs join job_engine.ready using (id)
  union all select from jobs join job_engine.waiting using (id)
  union all select from jobs join job_engine.finished using (id)
)";

/// Jobs that wait for their time: `$10` microseconds from now, or until `$11` microseconds of the
/// Unix epoch.
pub(crate) const ENQUEUE_LATER: &str = "
with jobs as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::text[],
    $6::text[], $7::text[], $8::integer[], $9::text[], $10::bigint[],
    $11::bigint[])
    as j (id, kind, queue, priority, arguments, tenant, tags, version, limit_key, delay, due)
)
insert into job_engine.waiting
  (id, kind, queue, priority, arguments, tenant, tags, version, limit_key, created_at, changed_at,
   due_at)
select id, kind, queue, priority, arguments, tenant, tags::text[], version, limit_key,
  statement_timestamp(), statement_timestamp(),
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

/// Enqueues the jobs in the caller's transaction: they exist when it commits.
///
/// Nothing is announced, because nothing has happened yet: after the commit call
/// [`announce_enqueued`](job_engine::Storage::announce_enqueued), or leave it to the workers'
/// polling. An error leaves the transaction to be rolled back.
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
pub async fn enqueue(connection: &mut PgConnection, jobs: &[NewJob]) -> Result<(), StorageError> {
    let (now, later) = Rows::of(jobs);
    if !now.ids.is_empty() {
        insert_now(connection, now).await?;
    }
    if !later.rows.ids.is_empty() {
        insert_later(connection, later).await?;
    }
    Ok(())
}

/// Enqueues the jobs in a transaction of their own.
pub(crate) async fn enqueue_and_commit(pool: &PgPool, jobs: &[NewJob]) -> Result<(), StorageError> {
    if jobs.iter().all(|job| job.due == Due::Now) {
        let mut connection = pool.acquire().await.map_err(unavailable)?;
        return enqueue(&mut connection, jobs).await;
    }

    let mut transaction = pool.begin().await.map_err(unavailable)?;
    enqueue(&mut transaction, jobs).await?;
    transaction.commit().await.map_err(unavailable)
}

pub(crate) fn known_id() -> StorageError {
    StorageError::unavailable(io::Error::other(
        "a job with one of these ids is stored already; nothing was enqueued",
    ))
}

/// Jobs, column by column.
#[derive(Default)]
pub(crate) struct Rows<'a> {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) kinds: Vec<&'a str>,
    pub(crate) queues: Vec<&'a str>,
    pub(crate) priorities: Vec<i16>,
    pub(crate) arguments: Vec<&'a str>,
    pub(crate) tenants: Vec<Option<&'a str>>,
    /// As PostgreSQL writes arrays, for an array of arrays must be rectangular.
    pub(crate) tags: Vec<Option<String>>,
    pub(crate) versions: Vec<Option<i32>>,
    pub(crate) limit_keys: Vec<Option<&'a str>>,
}

#[derive(Default)]
pub(crate) struct LaterRows<'a> {
    pub(crate) rows: Rows<'a>,
    pub(crate) delays: Vec<Option<i64>>,
    pub(crate) times: Vec<Option<i64>>,
}

impl<'a> Rows<'a> {
    pub(crate) fn of(jobs: &'a [NewJob]) -> (Self, LaterRows<'a>) {
        let (mut now, mut later) = (Self::default(), LaterRows::default());
        for job in jobs {
            match job.due {
                Due::Now => now.push(job),
                Due::After(delay) => later.push(job, Some(delay_micros(delay)), None),
                Due::At(time) => later.push(job, None, Some(Timestamp::as_microsecond(time))),
            }
        }
        (now, later)
    }

    fn push(&mut self, job: &'a NewJob) {
        self.ids.push(job.id.0);
        self.kinds.push(&job.kind);
        self.queues.push(&job.queue);
        self.priorities.push(job.priority);
        self.arguments.push(&job.arguments);
        self.tenants.push(job.tenant.as_deref());
        self.tags.push(array(&job.tags));
        self.versions.push(later_version(job.version));
        self.limit_keys.push(job.limit_key.as_deref());
    }
}

impl<'a> LaterRows<'a> {
    fn push(&mut self, job: &'a NewJob, delay: Option<i64>, time: Option<i64>) {
        self.rows.push(job);
        self.delays.push(delay);
        self.times.push(time);
    }
}

async fn insert_now(connection: &mut PgConnection, rows: Rows<'_>) -> Result<(), StorageError> {
    let expected = rows.ids.len();
    let inserted = sqlx::query(ENQUEUE_NOW)
        .bind(rows.ids)
        .bind(rows.kinds)
        .bind(rows.queues)
        .bind(rows.priorities)
        .bind(rows.arguments)
        .bind(rows.tenants)
        .bind(rows.tags)
        .bind(rows.versions)
        .bind(rows.limit_keys)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    all_inserted(expected, inserted.rows_affected())
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
        .bind(later.rows.limit_keys)
        .bind(later.delays)
        .bind(later.times)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    all_inserted(expected, inserted.rows_affected())
}

pub(crate) fn all_inserted(expected: usize, inserted: u64) -> Result<(), StorageError> {
    if inserted == expected as u64 {
        return Ok(());
    }
    Err(known_id())
}
