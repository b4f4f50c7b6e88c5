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

/// Lives as long as the connection and holds jobs while they are changed.
const NOTEBOOK: &str = "
create temp table if not exists job_engine_chosen (job blob not null)";

/// `$1` is a JSON object of the times of changes by id.
const CHOOSE: &str = "
insert into temp.job_engine_chosen (job)
select job.id
from json_each($1) as s
cross join job_engine_jobs as job
where job.id = unhex(s.key) and coalesce(s.value = changed_at, true)
  and state in (select value from json_each($2))";

const FORGET: &str = "delete from temp.job_engine_chosen";

/// The stage that each chosen job is in.
///
/// From here on a statement that fails leaves what it has done, for whoever is told of it undoes the whole
/// transaction. So SQLite keeps no copy of every page for that case, unless a statement, a trigger or an
/// index of the table calls a function or resolves a conflict.
const REMEMBER: &str = "
insert or fail into job_engine_history
  (job, stage, attempt, enqueued_at, enqueue_reason, claimed_at, server, state, changed_at, due_at,
   reason, duration, result, error)
select job.id, stages, attempts, enqueued_at, enqueue_reason, claimed_at, server,
  iif(state in ('Enqueued', 'Processing'), null, state), changed_at, due_at, reason, duration,
  result, iif(state = 'Failed', error, null)
from temp.job_engine_chosen as chosen
cross join job_engine_jobs as job
where job.id = chosen.job";

const REQUEUE: &str = "
update or fail job_engine_jobs
set state = 'Enqueued', changed_at = $1, enqueued_at = $1, enqueue_reason = $2, attempts = 0,
  abandoned = 0, stages = stages + 1, claimed_at = null, server = null, due_at = null,
  ended_at = null, reason = null, duration = null, result = null, continue_on = null
where id in (select job from temp.job_engine_chosen)";

const TRIGGER_NOW: &str = "
update or fail job_engine_jobs
set state = 'Enqueued', changed_at = $1, enqueued_at = $1, enqueue_reason = $2,
  stages = stages + 1, due_at = null, reason = null
where id in (select job from temp.job_engine_chosen)";

/// Out of the line or out of a worker's hands: the stage ends so.
const DELETE_LIVE: &str = "
update or fail job_engine_jobs
set state = 'Deleted', changed_at = $1, ended_at = $1, reason = $2
where id in (select job from temp.job_engine_chosen)";

const DELETE: &str = "
update or fail job_engine_jobs
set state = 'Deleted', changed_at = $1, ended_at = $1, reason = $2, stages = stages + 1,
  enqueued_at = null, enqueue_reason = null, claimed_at = null, server = null, due_at = null,
  duration = null, result = null, continue_on = null
where id in (select job from temp.job_engine_chosen)";

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
    sqlx::query(NOTEBOOK)
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;

    // Out of the line or out of a worker's hands the stage ends so, and needs no remembering.
    let mut done = 0;
    if command == Command::Delete {
        choose(connection, &jobs, &live).await?;
        done += change(connection, DELETE_LIVE, reason).await?;
    } else {
        at_rest.append(&mut live);
    }
    if done < all && choose(connection, &jobs, &at_rest).await? > 0 {
        remember(connection).await?;
        done += change(connection, statement, reason).await?;
    }
    if command == Command::Delete {
        throughput::count_arrivals(connection, State::Deleted, done, now()).await?;
    }
    Ok(done)
}

/// Chooses those of the jobs that are in one of the states, and no others; answers how many.
async fn choose(
    connection: &mut SqliteConnection,
    jobs: &str,
    states: &[State],
) -> Result<u64, StorageError> {
    sqlx::query(FORGET)
        .execute(&mut *connection)
        .await
        .map_err(unavailable)?;
    let chosen = sqlx::query(CHOOSE)
        .bind(jobs)
        .bind(json!(states).to_string())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(chosen.rows_affected())
}

async fn remember(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    sqlx::query(REMEMBER)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// Changes the chosen jobs; answers how many.
async fn change(
    connection: &mut SqliteConnection,
    statement: &'static str,
    reason: &str,
) -> Result<usize, StorageError> {
    let changed = sqlx::query(statement)
        .bind(now())
        .bind(text(reason))
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(usize::try_from(changed.rows_affected()).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteRow;

    use super::*;
    use crate::convert::column;
    use crate::schema;
    use crate::scratch::Scratch;

    /// What a statement does to be undone alone: as SQLite's own `sqlite3VdbeAssertMayAbort` has it.
    const ABORT: i64 = 2;

    #[tokio::test]
    async fn sqlite_keeps_no_copy_of_what_a_command_changes() {
        let scratch = Scratch::create();
        let writer = scratch.writer().await;
        schema::migrate(&writer).await.expect("it is migrated");
        let mut write = writer.quick().await.expect("it is our turn");
        let connection = &mut *write.transaction;
        sqlx::query(NOTEBOOK)
            .execute(&mut *connection)
            .await
            .expect("there is room");

        for statement in [REMEMBER, REQUEUE, TRIGGER_NOW, DELETE_LIVE, DELETE] {
            assert_eq!(ways_to_abort(connection, statement).await, 0, "{statement}");
        }
        assert_ne!(
            ways_to_abort(connection, CHOOSE).await,
            0,
            "it calls a function"
        );
    }

    /// In the statement's program and those of its triggers.
    async fn ways_to_abort(connection: &mut SqliteConnection, statement: &str) -> usize {
        let program = sqlx::query(sqlx::AssertSqlSafe(format!("explain {statement}")))
            .fetch_all(connection)
            .await
            .expect("it is explained");
        let aborts = |row: &&SqliteRow| {
            let step: &str = column(row, "opcode").expect("it has a name");
            let (p1, p2): (i64, i64) = (
                column(row, "p1").expect("a number"),
                column(row, "p2").expect("a number"),
            );
            match step {
                "Function" | "PureFunc" => true,
                "Halt" | "HaltIfNull" => p1 != 0 && p2 == ABORT,
                _ => false,
            }
        };
        program.iter().filter(aborts).count()
    }
}
