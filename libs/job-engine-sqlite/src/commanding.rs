use jiff::Timestamp;
use job_engine::State;
use job_engine::storage::{Act, Command, Commanded, JobId, StorageError};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::clock::now;
use crate::convert::{state, text, unavailable};
use crate::deeds;
use crate::following;
use crate::throughput;
use crate::writer::Writer;

const STATE: &str = "select state from job_engine_jobs where id = $1";

/// The stage that the job is in. `$1`, here and below, is a JSON object of the times of changes by id.
const REMEMBER: &str = "
insert into job_engine_history
  (job, stage, attempt, enqueued_at, enqueue_reason, claimed_at, server, state, changed_at, due_at,
   reason, duration, result, error)
select job.id, stages, attempts, enqueued_at, enqueue_reason, claimed_at, server,
  iif(state in ('Enqueued', 'Processing'), null, state), changed_at, due_at, reason, duration,
  result, iif(state = 'Failed', error, null)
from json_each($1) as s
cross join job_engine_jobs as job
where job.id = unhex(s.key) and coalesce(s.value = changed_at, true)
  and state in (select value from json_each($2))";

const REQUEUE: &str = "
update job_engine_jobs as job
set state = 'Enqueued', changed_at = $2, enqueued_at = $2, enqueue_reason = $3, attempts = 0,
  abandoned = 0, stages = stages + 1, claimed_at = null, server = null, due_at = null,
  ended_at = null, reason = null, duration = null, result = null, continue_on = null
from json_each($1) as s
where job.id = unhex(s.key) and coalesce(s.value = changed_at, true)
  and state in (select value from json_each($4))";

const TRIGGER_NOW: &str = "
update job_engine_jobs as job
set state = 'Enqueued', changed_at = $2, enqueued_at = $2, enqueue_reason = $3,
  stages = stages + 1, due_at = null, reason = null
from json_each($1) as s
where job.id = unhex(s.key) and coalesce(s.value = changed_at, true)
  and state in (select value from json_each($4))";

/// Out of the line or out of a worker's hands: the stage ends so.
const DELETE_LIVE: &str = "
update job_engine_jobs as job
set state = 'Deleted', changed_at = $2, ended_at = $2, reason = $3
from json_each($1) as s
where job.id = unhex(s.key) and coalesce(s.value = changed_at, true)
  and state in (select value from json_each($4))";

const DELETE: &str = "
update job_engine_jobs as job
set state = 'Deleted', changed_at = $2, ended_at = $2, reason = $3, stages = stages + 1,
  enqueued_at = null, enqueue_reason = null, claimed_at = null, server = null, due_at = null,
  duration = null, result = null, continue_on = null
from json_each($1) as s
where job.id = unhex(s.key) and coalesce(s.value = changed_at, true)
  and state in (select value from json_each($4))";

/// A job, and the change after which it was looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) job: JobId,
    /// A job that has changed since is left alone; `None` takes it as it is.
    pub(crate) changed_at: Option<Timestamp>,
}

pub(crate) async fn command(writer: &Writer, act: &Act) -> Result<Commanded, StorageError> {
    let mut write = writer.durable().await?;
    let connection = &mut write.transaction;
    let seen = Seen {
        job: act.job,
        changed_at: act.seen,
    };
    if carry_out(connection, &[seen], act.command, &act.reason).await? > 0 {
        if let Some(deed) = &act.deed {
            deeds::record(connection, deed).await?;
        }
        write.commit().await?;
        return Ok(Commanded::Done);
    }

    let found: Option<String> = sqlx::query_scalar(STATE)
        .bind(act.job.0)
        .fetch_optional(&mut **connection)
        .await
        .map_err(unavailable)?;
    match found {
        Some(found) => Ok(Commanded::NotApplicable(state(&found)?)),
        None => Ok(Commanded::NotFound),
    }
}

/// Answers on how many of the jobs it was carried out; the others are left as they are. Who waits for
/// them is told.
pub(crate) async fn carry_out(
    connection: &mut SqliteConnection,
    jobs: &[Seen],
    command: Command,
    reason: &str,
) -> Result<usize, StorageError> {
    let done = change_all(connection, jobs, command, reason).await?;
    following::spread_news(connection, now()).await?;
    Ok(done)
}

/// Deletes a job and tells nobody yet.
pub(crate) async fn delete(
    connection: &mut SqliteConnection,
    job: JobId,
    reason: &str,
) -> Result<(), StorageError> {
    let seen = Seen {
        job,
        changed_at: None,
    };
    change_all(connection, &[seen], Command::Delete, reason).await?;
    Ok(())
}

async fn change_all(
    connection: &mut SqliteConnection,
    jobs: &[Seen],
    command: Command,
    reason: &str,
) -> Result<usize, StorageError> {
    let seen = |seen: &Seen| {
        let changed_at = seen.changed_at.map(Timestamp::as_microsecond);
        (seen.job.0.simple().to_string(), json!(changed_at))
    };
    let all = jobs.len();
    let jobs = Value::Object(jobs.iter().map(seen).collect()).to_string();
    let applies = |state: &State| match command {
        Command::Requeue => *state != State::Enqueued,
        Command::TriggerNow => *state == State::Scheduled,
        Command::Delete => *state != State::Deleted,
    };
    let (mut live, mut at_rest): (Vec<State>, Vec<State>) = State::ALL
        .into_iter()
        .filter(applies)
        .partition(|state| matches!(state, State::Enqueued | State::Processing));
    let statement = match command {
        Command::Requeue => REQUEUE,
        Command::TriggerNow => TRIGGER_NOW,
        Command::Delete => DELETE,
    };
    // Out of the line or out of a worker's hands the stage ends so, and needs no remembering.
    let mut done = 0;
    if command == Command::Delete {
        done += change(connection, DELETE_LIVE, &jobs, &live, reason).await?;
    } else {
        at_rest.append(&mut live);
    }
    if done < all {
        remember(connection, &jobs, &at_rest).await?;
        done += change(connection, statement, &jobs, &at_rest, reason).await?;
    }
    if command == Command::Delete {
        throughput::count_arrivals(connection, State::Deleted, done, now()).await?;
    }
    Ok(done)
}

async fn remember(
    connection: &mut SqliteConnection,
    jobs: &str,
    states: &[State],
) -> Result<(), StorageError> {
    sqlx::query(REMEMBER)
        .bind(jobs)
        .bind(json!(states).to_string())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn change(
    connection: &mut SqliteConnection,
    statement: &'static str,
    jobs: &str,
    states: &[State],
    reason: &str,
) -> Result<usize, StorageError> {
    let changed = sqlx::query(statement)
        .bind(jobs)
        .bind(now())
        .bind(text(reason))
        .bind(json!(states).to_string())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(usize::try_from(changed.rows_affected()).unwrap_or(usize::MAX))
}
