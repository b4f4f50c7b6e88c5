//! Jobs that wait for others, and batches.

use job_engine::storage::check::refused;
use job_engine::storage::{JobId, StorageError, reasons};
use job_engine::{BatchId, NewJob, State};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::batches::progress;
use crate::commanding;
use crate::convert::{column, state, unavailable};

const JOIN_BATCH: &str = "
insert into job_engine_batches (id, created_at, jobs) values ($1, $2, 1)
on conflict (id) do update set jobs = jobs + 1 where jobs > succeeded + failed + deleted";

const ADD_PARENT: &str = "
insert or ignore into job_engine_parents (parent, child) values ($1, $2)";

/// Answers how the job has ended, if it has; nothing when there is none.
const AWAIT_JOB: &str = "
update job_engine_jobs set awaited = 1 where id = $1 returning iif(ended_at is null, null, state)";

const TAKE_NEWS: &str = "
delete from job_engine_news returning job, batch, was, is_now";

const COUNT: &str = "
update job_engine_batches
set succeeded = succeeded + ($3 = 'Succeeded') - ($2 = 'Succeeded'),
  failed = failed + ($3 = 'Failed') - ($2 = 'Failed'),
  deleted = deleted + ($3 = 'Deleted') - ($2 = 'Deleted')
where id = $1";

const END_BATCH: &str = "
update job_engine_batches
set ended_at = iif(jobs = succeeded + failed + deleted, $2, null)
where id = $1";

/// Those of a parent's children that must not run any more.
const UNMET: &str = "
select child from job_engine_parents
where parent = $1 and $2 = 'Deleted' and exists (
  select 1 from job_engine_jobs
  where id = child and state = 'Awaiting' and continue_on = 'Success'
)";

/// The children that wait for one parent less.
const MET: &str = "
delete from job_engine_parents
where parent = $1 and ($2 = 'Succeeded' or not exists (
  select 1 from job_engine_jobs
  where id = child and state = 'Awaiting' and continue_on = 'Success'
))
returning child";

const REMEMBER: &str = "
insert into job_engine_history (job, stage, attempt, state, changed_at, reason)
select id, stages, attempts, state, changed_at, reason
from job_engine_jobs
where id = $1 and state = 'Awaiting'
  and not exists (select 1 from job_engine_parents where child = $1)";

const RELEASE: &str = "
update job_engine_jobs
set state = iif(delay is null and release_at is null, 'Enqueued', 'Scheduled'),
  enqueued_at = iif(delay is null and release_at is null, $2, null),
  enqueue_reason = iif(delay is null and release_at is null, $3, null),
  reason = iif(delay is null and release_at is null, null, $3),
  due_at = coalesce($2 + delay, release_at), changed_at = $2, stages = stages + 1,
  continue_on = null
where id = $1 and state = 'Awaiting'
  and not exists (select 1 from job_engine_parents where child = $1)";

/// A row of the news.
struct News {
    job: Uuid,
    batch: Option<Uuid>,
    was: Option<String>,
    is_now: Option<String>,
}

impl News {
    fn of(row: &SqliteRow) -> Result<Self, StorageError> {
        Ok(Self {
            job: column(row, "job")?,
            batch: column(row, "batch")?,
            was: column(row, "was")?,
            is_now: column(row, "is_now")?,
        })
    }
}

/// Adds jobs to their batches, which must not have ended.
pub(crate) async fn join_batches(
    connection: &mut SqliteConnection,
    jobs: &[&NewJob],
    now: i64,
) -> Result<(), StorageError> {
    for batch in jobs.iter().filter_map(|job| job.batch) {
        let joined = sqlx::query(JOIN_BATCH)
            .bind(batch.0)
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(unavailable)?;
        if joined.rows_affected() == 0 {
            return Err(refused(format!("the batch {batch} has ended")));
        }
    }
    Ok(())
}

/// Lets jobs that are stored wait for what they continue.
pub(crate) async fn await_parents(
    connection: &mut SqliteConnection,
    jobs: &[&NewJob],
    now: i64,
) -> Result<(), StorageError> {
    for job in jobs {
        let parents = job.continuation.iter().flat_map(|it| &it.parents);
        for parent in parents.map(|parent| parent.id()) {
            sqlx::query(ADD_PARENT)
                .bind(parent)
                .bind(job.id.0)
                .execute(&mut *connection)
                .await
                .map_err(unavailable)?;
        }
    }
    for job in jobs {
        let parents = job.continuation.iter().flat_map(|it| &it.parents);
        for parent in parents.map(|parent| parent.id()) {
            if let Some(end) = await_one(connection, parent).await? {
                tell(connection, parent, end, now).await?;
            }
        }
    }
    spread_news(connection, now).await?;
    Ok(())
}

/// How the parent has ended, if it has.
async fn await_one(
    connection: &mut SqliteConnection,
    parent: Uuid,
) -> Result<Option<State>, StorageError> {
    let job: Option<Option<String>> = sqlx::query_scalar(AWAIT_JOB)
        .bind(parent)
        .fetch_optional(&mut *connection)
        .await
        .map_err(unavailable)?;
    if let Some(end) = job {
        return end.as_deref().map(state).transpose();
    }
    match progress(connection, BatchId(parent)).await? {
        Some(batch) => Ok(batch.end()),
        None => Err(refused(format!(
            "there is no job or batch {parent} to wait for"
        ))),
    }
}

/// Tells batches and those who wait of everything that has ended; answers whether any job may run
/// now.
pub(crate) async fn spread_news(
    connection: &mut SqliteConnection,
    now: i64,
) -> Result<bool, StorageError> {
    let mut released = false;
    loop {
        let news = sqlx::query(TAKE_NEWS)
            .fetch_all(&mut *connection)
            .await
            .map_err(unavailable)?;
        if news.is_empty() {
            return Ok(released);
        }
        for row in &news {
            let news = News::of(row)?;
            if let Some(end) = &news.is_now {
                released |= tell(connection, news.job, state(end)?, now).await?;
            }
            if let Some(batch) = news.batch {
                released |= count_in(connection, batch, &news, now).await?;
            }
        }
    }
}

async fn count_in(
    connection: &mut SqliteConnection,
    batch: Uuid,
    news: &News,
    now: i64,
) -> Result<bool, StorageError> {
    let none = String::new();
    sqlx::query(COUNT)
        .bind(batch)
        .bind(news.was.as_ref().unwrap_or(&none))
        .bind(news.is_now.as_ref().unwrap_or(&none))
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    sqlx::query(END_BATCH)
        .bind(batch)
        .bind(now)
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;

    let progress = progress(connection, BatchId(batch)).await?;
    match progress.and_then(|batch| batch.end()) {
        Some(end) => tell(connection, batch, end, now).await,
        None => Ok(false),
    }
}

/// Tells the children of a job or batch that it has ended like this; answers whether any of them may
/// run now.
async fn tell(
    connection: &mut SqliteConnection,
    parent: Uuid,
    end: State,
    now: i64,
) -> Result<bool, StorageError> {
    for child in told_children(connection, UNMET, parent, end).await? {
        commanding::delete(connection, JobId(child), reasons::CONDITION_NOT_MET).await?;
    }

    let mut released = 0;
    for child in told_children(connection, MET, parent, end).await? {
        sqlx::query(REMEMBER)
            .bind(child)
            .execute(&mut *connection)
            .await
            .map_err(unavailable)?;
        released += sqlx::query(RELEASE)
            .bind(child)
            .bind(now)
            .bind(reasons::PARENTS_ENDED)
            .execute(&mut *connection)
            .await
            .map_err(unavailable)?
            .rows_affected();
    }
    Ok(released > 0)
}

async fn told_children(
    connection: &mut SqliteConnection,
    statement: &'static str,
    parent: Uuid,
    end: State,
) -> Result<Vec<Uuid>, StorageError> {
    sqlx::query_scalar(statement)
        .bind(parent)
        .bind(end.name())
        .fetch_all(connection)
        .await
        .map_err(unavailable)
}
