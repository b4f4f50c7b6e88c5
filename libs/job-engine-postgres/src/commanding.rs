use std::io;

use job_engine::State;
use job_engine::storage::{Command, Commanded, JobId, StorageError};
use sqlx::PgPool;

use crate::convert::{state, text, unavailable};

/// The job is in one of the three tables, or it is held: then its row stays and loses its holder.
const REQUEUE: &str = "
with held as (
  select * from job_engine.ready where id = $1 and server is not null for update
), scheduled as (
  delete from job_engine.waiting where id = $1 returning *
), finished as (
  delete from job_engine.finished where id = $1 returning *
), past as (
  insert into job_engine.history
    (job, stage, attempt, enqueued_at, claimed_at, changed_at, due_at, duration, state, server,
     enqueue_reason, reason, error, result)
  select id, stages, attempts, enqueued_at, claimed_at, changed_at, null::timestamptz, duration, state, server,
    enqueue_reason, reason, error, result
  from finished
  union all
  select id, stages, attempts, null, null, changed_at, due_at, null, 'Scheduled', null,
    null, reason, null, null
  from scheduled
  union all
  select id, stages, attempts + 1, enqueued_at, claimed_at, null, null, null, null, server,
    reason, null, null, null
  from held
), let_go as (
  update job_engine.ready r
  set server = null, claimed_at = null, stages = r.stages + 1, attempts = 0, abandoned = 0,
    enqueued_at = clock_timestamp(), reason = $2
  from held
  where r.id = held.id
  returning r.id
), enqueued as (
  insert into job_engine.ready
    (id, created_at, enqueued_at, epoch, stages, priority, kind, queue, reason, error, arguments,
     tenant, tags, version, limit_key)
  select id, created_at, clock_timestamp(), epoch, stages + 1, priority, kind, queue, $2, error,
    arguments, tenant, tags, version, limit_key
  from scheduled
  union all
  select id, created_at, clock_timestamp(), epoch, stages + 1, priority, kind, queue, $2, error,
    arguments, tenant, tags, version, limit_key
  from finished
  returning id
), counted as (
  insert into job_engine.tally (state, jobs) select state, -1 from finished
)
select exists (select from let_go union all select from enqueued), exists (select from held)";

const TRIGGER_NOW: &str = "
with scheduled as (
  delete from job_engine.waiting where id = $1 returning *
), past as (
  insert into job_engine.history (job, stage, attempt, changed_at, due_at, state, reason)
  select id, stages, attempts, changed_at, due_at, 'Scheduled', reason from scheduled
), enqueued as (
  insert into job_engine.ready
    (id, created_at, enqueued_at, epoch, attempts, abandoned, stages, priority, kind, queue, reason,
     error, arguments, tenant, tags, version, limit_key)
  select id, created_at, clock_timestamp(), epoch, attempts, abandoned, stages + 1, priority, kind,
    queue, $2, error, arguments, tenant, tags, version, limit_key
  from scheduled
  returning id
)
select exists (select from enqueued), false";

const DELETE: &str = "
with ready as (
  delete from job_engine.ready where id = $1 returning *
), scheduled as (
  delete from job_engine.waiting where id = $1 returning *
), finished as (
  select * from job_engine.finished where id = $1 and state <> 'Deleted' for update
), past as (
  insert into job_engine.history
    (job, stage, attempt, enqueued_at, claimed_at, changed_at, due_at, duration, state, server,
     enqueue_reason, reason, error, result)
  select id, stages, attempts, enqueued_at, claimed_at, changed_at, null::timestamptz, duration, state, server,
    enqueue_reason, reason, error, result
  from finished
  union all
  select id, stages, attempts, null, null, changed_at, due_at, null, 'Scheduled', null,
    null, reason, null, null
  from scheduled
), marked as (
  update job_engine.finished f
  set state = 'Deleted', changed_at = clock_timestamp(), stages = f.stages + 1, reason = $2,
    enqueued_at = null, claimed_at = null, duration = null, server = null, enqueue_reason = null,
    result = null
  from finished
  where f.id = finished.id
  returning f.id
), moved as (
  insert into job_engine.finished
    (id, created_at, enqueued_at, claimed_at, changed_at, epoch, attempts, abandoned, stages, state,
     priority, server, kind, queue, enqueue_reason, reason, error, arguments, tenant, tags,
     version, limit_key)
  select id, created_at, enqueued_at, claimed_at, clock_timestamp(), epoch,
    attempts + (server is not null)::integer, abandoned, stages, 'Deleted'::job_engine.state, priority, server, kind,
    queue, reason, $2, error, arguments, tenant, tags, version, limit_key
  from ready
  union all
  select id, created_at, null, null, clock_timestamp(), epoch, attempts, abandoned, stages + 1,
    'Deleted', priority, null, kind, queue, null, $2, error, arguments, tenant, tags,
    version, limit_key
  from scheduled
  returning id
), counted as (
  insert into job_engine.tally (state, jobs)
  select state, -1 from finished
  union all select 'Deleted', 1 from marked
  union all select 'Deleted', 1 from moved
), remembered as (
  insert into job_engine.queues (name)
  select queue from ready union select queue from scheduled
  on conflict do nothing
)
select exists (select from marked union all select from moved),
  exists (select from ready where server is not null)";

const STATE: &str = "select state::text from job_engine.jobs where id = $1";

/// How often a job may change while it is being looked at.
const TRIES: usize = 5;

pub(crate) struct Answer {
    pub(crate) commanded: Commanded,
    /// A server held the job, and has lost its lease.
    pub(crate) was_held: bool,
}

pub(crate) async fn command(
    pool: &PgPool,
    job: JobId,
    command: Command,
    reason: &str,
) -> Result<Answer, StorageError> {
    for _ in 0..TRIES {
        let (done, was_held) = carry_out(pool, job, command, reason)
            .await
            .map_err(unavailable)?;
        if done {
            let commanded = Commanded::Done;
            return Ok(Answer {
                commanded,
                was_held,
            });
        }

        let found: Option<String> = sqlx::query_scalar(STATE)
            .bind(job.0)
            .fetch_optional(pool)
            .await
            .map_err(unavailable)?;
        let Some(found) = found else {
            return Ok(Answer::nothing(Commanded::NotFound));
        };
        let found = state(&found)?;
        // Otherwise it has just changed into this state.
        if !applies(command, found) {
            return Ok(Answer::nothing(Commanded::NotApplicable(found)));
        }
    }
    Err(StorageError::unavailable(io::Error::other(
        "the job changes its state all the time",
    )))
}

impl Answer {
    fn nothing(commanded: Commanded) -> Self {
        Self {
            commanded,
            was_held: false,
        }
    }
}

/// Whether it was done, and whether a server held the job.
async fn carry_out(
    pool: &PgPool,
    job: JobId,
    command: Command,
    reason: &str,
) -> sqlx::Result<(bool, bool)> {
    let statement = match command {
        Command::Requeue => REQUEUE,
        Command::TriggerNow => TRIGGER_NOW,
        Command::Delete => DELETE,
    };
    sqlx::query_as(statement)
        .bind(job.0)
        .bind(text(reason))
        .fetch_one(pool)
        .await
}

fn applies(command: Command, state: State) -> bool {
    match command {
        Command::Requeue => state != State::Enqueued,
        Command::TriggerNow => state == State::Scheduled,
        Command::Delete => state != State::Deleted,
    }
}
