use job_engine::State;
use job_engine::storage::{Command, Commanded, JobId, StorageError};
use sqlx::SqliteConnection;

use crate::convert::{now, state, text, unavailable};
use crate::writer::Writer;

const STATE: &str = "select state from job_engine_jobs where id = $1";

/// The stage that the job is in.
const REMEMBER: &str = "
insert into job_engine_history
  (job, stage, attempt, enqueued_at, enqueue_reason, claimed_at, server, state, changed_at, due_at,
   reason, duration, result, error)
select id, stages, attempts, enqueued_at, enqueue_reason, claimed_at, server,
  iif(state in ('Enqueued', 'Processing'), null, state), changed_at, due_at, reason, duration,
  result, iif(state = 'Failed', error, null)
from job_engine_jobs
where id = $1";

const REQUEUE: &str = "
update job_engine_jobs
set state = 'Enqueued', changed_at = $2, enqueued_at = $2, enqueue_reason = $3, attempts = 0,
  abandoned = 0, stages = stages + 1, claimed_at = null, server = null, due_at = null,
  ended_at = null, reason = null, duration = null, result = null
where id = $1";

const TRIGGER_NOW: &str = "
update job_engine_jobs
set state = 'Enqueued', changed_at = $2, enqueued_at = $2, enqueue_reason = $3,
  stages = stages + 1, due_at = null, reason = null
where id = $1";

/// Out of the line or out of a worker's hands: the stage ends so.
const DELETE_LIVE: &str = "
update job_engine_jobs
set state = 'Deleted', changed_at = $2, ended_at = $2, reason = $3
where id = $1";

const DELETE: &str = "
update job_engine_jobs
set state = 'Deleted', changed_at = $2, ended_at = $2, reason = $3, stages = stages + 1,
  enqueued_at = null, enqueue_reason = null, claimed_at = null, server = null, due_at = null,
  duration = null, result = null
where id = $1";

pub(crate) async fn command(
    writer: &Writer,
    job: JobId,
    command: Command,
    reason: &str,
) -> Result<Commanded, StorageError> {
    let mut write = writer.durable().await?;
    let connection = &mut write.transaction;
    let found: Option<String> = sqlx::query_scalar(STATE)
        .bind(job.0)
        .fetch_optional(&mut **connection)
        .await
        .map_err(unavailable)?;
    let Some(found) = found else {
        return Ok(Commanded::NotFound);
    };

    let found = state(&found)?;
    let is_live = matches!(found, State::Enqueued | State::Processing);
    match command {
        Command::Requeue if found != State::Enqueued => {
            remember(connection, job).await?;
            change(connection, REQUEUE, job, reason).await?;
        }
        Command::TriggerNow if found == State::Scheduled => {
            remember(connection, job).await?;
            change(connection, TRIGGER_NOW, job, reason).await?;
        }
        Command::Delete if is_live => change(connection, DELETE_LIVE, job, reason).await?,
        Command::Delete if found != State::Deleted => {
            remember(connection, job).await?;
            change(connection, DELETE, job, reason).await?;
        }
        _ => return Ok(Commanded::NotApplicable(found)),
    }
    write.commit().await?;
    Ok(Commanded::Done)
}

async fn remember(connection: &mut SqliteConnection, job: JobId) -> Result<(), StorageError> {
    sqlx::query(REMEMBER)
        .bind(job.0)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn change(
    connection: &mut SqliteConnection,
    statement: &'static str,
    job: JobId,
    reason: &str,
) -> Result<(), StorageError> {
    sqlx::query(statement)
        .bind(job.0)
        .bind(now())
        .bind(text(reason))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}
