use jiff::Timestamp;
use job_engine::storage::StorageError;
use job_engine::{Due, NewJob};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::convert::{delay_micros, id_json, later_version, now, tags_json, unavailable};
use crate::writer::Writer;

/// `$1` is a JSON array of `[id, kind, queue, priority, arguments, due_at, tenant, tags,
/// version, limit_key]`.
const ENQUEUE: &str = "
insert into job_engine_jobs
  (id, kind, queue, priority, arguments, tenant, tags, version, limit_key, created_at, changed_at,
   due_at, state, enqueued_at)
select
  unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4,
  value ->> 6, value ->> 7, value ->> 8, value ->> 9, $2, $2, value ->> 5,
  iif(value ->> 5 is null, 'Enqueued', 'Scheduled'), iif(value ->> 5 is null, $2, null)
from json_each($1)";

/// Enqueues the jobs in the caller's transaction: they exist when it commits.
///
/// Nothing is announced, because nothing has happened yet: after the commit call
/// [`announce_enqueued`](job_engine::Storage::announce_enqueued), or leave it to the workers'
/// polling. An error, for example a job that is stored already, leaves nothing of the batch in the
/// transaction. Begin the transaction with `begin immediate`, so that it waits for its turn to
/// write instead of failing in the middle.
///
/// ```no_run
/// # async fn create(pool: &sqlx::SqlitePool, job: job_engine::NewJob) -> Result<(), Box<dyn std::error::Error>> {
/// let mut transaction = pool.begin_with("begin immediate").await?;
/// sqlx::query("insert into tenants (name) values ('Acme')").execute(&mut *transaction).await?;
/// job_engine_sqlite::enqueue(&mut transaction, &[job]).await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
pub async fn enqueue(
    connection: &mut SqliteConnection,
    jobs: &[NewJob],
) -> Result<(), StorageError> {
    let now = now();
    let rows: Value = jobs.iter().map(|job| row(job, now)).collect();
    sqlx::query(ENQUEUE)
        .bind(rows.to_string())
        .bind(now)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// Enqueues the jobs in a transaction of their own.
pub(crate) async fn enqueue_and_commit(
    writer: &Writer,
    jobs: &[NewJob],
) -> Result<(), StorageError> {
    let mut write = writer.durable().await?;
    enqueue(&mut write.transaction, jobs).await?;
    write.commit().await
}

fn row(job: &NewJob, now: i64) -> Value {
    let due_at = match job.due {
        Due::Now => None,
        Due::After(delay) => Some(now + delay_micros(delay)),
        Due::At(time) => Some(Timestamp::as_microsecond(time)),
    };
    json!([
        id_json(job.id.0),
        job.kind,
        job.queue,
        job.priority,
        job.arguments,
        due_at,
        job.tenant,
        tags_json(&job.tags),
        later_version(job.version),
        job.limit_key,
    ])
}
