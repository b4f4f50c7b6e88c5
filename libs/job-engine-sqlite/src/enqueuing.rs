use jiff::Timestamp;
use job_engine::storage::check::{check_order, repeated_keys, without};
use job_engine::storage::{Marks, StorageError};
use job_engine::{Continuation, Due, Duplicate, NewJob, count_enqueued};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::clock::now;
use crate::convert::{delay_micros, id_json, later_version, tags_json, unavailable};
use crate::writer::Writer;
use crate::{following, keys};

/// `$1` is a JSON array of `[id, kind, queue, priority, arguments, due_at, tenant, tags,
/// version, limit_key, batch, continue_on, delay, release_at, reason, trace,
/// low_marks, high_marks]`.
const ENQUEUE: &str = "
insert into job_engine_jobs
  (id, kind, queue, priority, arguments, tenant, tags, version, limit_key, batch, awaited,
   continue_on, delay, release_at, reason, created_at, changed_at, due_at, state,
   enqueued_at, trace, low_marks, high_marks)
select
  unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4,
  value ->> 6, value ->> 7, value ->> 8, value ->> 9,
  unhex(value ->> 10), iif(value ->> 10 is null, null, 1), value ->> 11, value ->> 12, value ->> 13,
  value ->> 14, $2, $2, value ->> 5,
  case when value ->> 11 is not null then 'Awaiting'
    when value ->> 5 is not null then 'Scheduled' else 'Enqueued' end,
  iif(value ->> 5 is null and value ->> 11 is null, $2, null), value ->> 15, value ->> 16, value ->> 17
from json_each($1)";

/// Enqueues the jobs in the caller's transaction: they exist when it commits.
///
/// Nothing is announced, because nothing has happened yet: after the commit call
/// [`announce_enqueued`](job_engine::Storage::announce_enqueued), or leave it to the workers'
/// polling. An error leaves the transaction to be rolled back. The answer tells which jobs were not
/// stored because others hold their keys. Begin the transaction with `begin immediate`, so that it waits for its turn to
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
) -> Result<Vec<Duplicate>, StorageError> {
    let duplicates = store(connection, jobs).await?;
    count_enqueued(jobs, &duplicates);
    Ok(duplicates)
}

/// As [`enqueue`], for who counts the jobs elsewhere.
pub(crate) async fn store(
    connection: &mut SqliteConnection,
    jobs: &[NewJob],
) -> Result<Vec<Duplicate>, StorageError> {
    let now = now();
    if jobs.iter().all(NewJob::is_plain) {
        insert(connection, jobs, now).await?;
        return Ok(Vec::new());
    }

    check_order(jobs)?;
    let mut duplicates = repeated_keys(jobs);
    duplicates.extend(keys::take(connection, &without(jobs, &duplicates), now).await?);
    let jobs = without(jobs, &duplicates);
    following::join_batches(connection, &jobs, now).await?;
    insert(connection, jobs.iter().copied(), now).await?;
    following::await_parents(connection, &jobs, now).await?;
    Ok(duplicates)
}

/// Enqueues the jobs in a transaction of their own.
pub(crate) async fn enqueue_and_commit(
    writer: &Writer,
    jobs: &[NewJob],
) -> Result<Vec<Duplicate>, StorageError> {
    let mut write = writer.durable().await?;
    let duplicates = store(&mut write.transaction, jobs).await?;
    write.commit().await?;
    Ok(duplicates)
}

async fn insert<'a>(
    connection: &mut SqliteConnection,
    jobs: impl IntoIterator<Item = &'a NewJob>,
    now: i64,
) -> Result<(), StorageError> {
    let rows: Value = jobs.into_iter().map(|job| row(job, now)).collect();
    sqlx::query(ENQUEUE)
        .bind(rows.to_string())
        .bind(now)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

fn row(job: &NewJob, now: i64) -> Value {
    let (delay, time) = match job.due {
        Due::Now => (None, None),
        Due::After(delay) => (Some(delay_micros(delay)), None),
        Due::At(time) => (None, Some(Timestamp::as_microsecond(time))),
    };
    let due_at = match job.continuation {
        Some(_) => None,
        None => delay.map(|delay| now + delay).or(time),
    };
    let continuation = job.continuation.as_ref();
    let marks = Marks::of(&job.arguments);
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
        job.batch.map(|batch| id_json(batch.0)),
        continuation.map(|it| it.on.name()),
        continuation.and(delay),
        continuation.and(time),
        continuation.map(Continuation::reason),
        job.trace,
        marks.map(|marks| marks.low),
        marks.map(|marks| marks.high),
    ])
}
