use std::io;

use jiff::Timestamp;
use job_engine::State;
use job_engine::storage::{Act, Command, Commanded, JobId, StorageError};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::convert::{state, text, unavailable};
use crate::deeds;
use crate::search::{PLACES, Place};
use crate::transaction::begin;

/// The job is in one of the three tables, of which those named are looked at, or it is held: then its
/// row stays and loses its holder.
const REQUEUE: &str = "
with seen as (
  select id, 'epoch'::timestamptz + at * interval '1 microsecond' as at
  from unnest($1::uuid[], $3::bigint[]) as s (id, at)
), held as (
  select r.* from job_engine.ready r join seen s on s.id = r.id and coalesce(s.at = r.claimed_at, true)
  where 'ready' = any($4) and r.server is not null
  for update of r
), scheduled as (
  delete from job_engine.waiting w using seen s
  where 'waiting' = any($4) and s.id = w.id and coalesce(s.at = w.changed_at, true)
  returning w.*
), finished as (
  delete from job_engine.finished f using seen s
  where 'finished' = any($4) and s.id = f.id and coalesce(s.at = f.changed_at, true)
  returning f.*
), past as (
  insert into job_engine.history
    (job, stage, attempt, enqueued_at, claimed_at, changed_at, due_at, duration, state, server,
     enqueue_reason, reason, error, result)
  select id, stages, attempts, enqueued_at, claimed_at, changed_at, null::timestamptz, duration, state, server,
    enqueue_reason, reason, error, result
  from finished
  union all
  select id, stages, attempts, null, null, changed_at, nullif(due_at, 'infinity'), null,
    case when continue_on is null then 'Scheduled' else 'Awaiting' end::job_engine.state, null, null,
    reason, null, null
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
     tenant, tags, version, trace, limit_key, batch, awaited)
  select id, created_at, clock_timestamp(), epoch, stages + 1, priority, kind, queue, $2, error,
    arguments, tenant, tags, version, trace, limit_key, batch, awaited
  from scheduled
  union all
  select id, created_at, clock_timestamp(), epoch, stages + 1, priority, kind, queue, $2, error,
    arguments, tenant, tags, version, trace, limit_key, batch, awaited
  from finished
  returning id
), told as (
  insert into job_engine.news (job, batch, was)
  select id, batch, state from finished where awaited
), counted as (
  insert into job_engine.tally (state, jobs) select state, -count(*) from finished group by state
)
select (select count(*) from let_go) + (select count(*) from enqueued), exists (select from held)";

const TRIGGER_NOW: &str = "
with seen as (
  select id, 'epoch'::timestamptz + at * interval '1 microsecond' as at
  from unnest($1::uuid[], $3::bigint[]) as s (id, at)
), scheduled as (
  delete from job_engine.waiting w using seen s
  where 'waiting' = any($4) and s.id = w.id and coalesce(s.at = w.changed_at, true)
    and w.continue_on is null
  returning w.*
), past as (
  insert into job_engine.history (job, stage, attempt, changed_at, due_at, state, reason)
  select id, stages, attempts, changed_at, due_at, 'Scheduled', reason from scheduled
), enqueued as (
  insert into job_engine.ready
    (id, created_at, enqueued_at, epoch, attempts, abandoned, stages, priority, kind, queue, reason,
     error, arguments, tenant, tags, version, trace, limit_key, batch, awaited)
  select id, created_at, clock_timestamp(), epoch, attempts, abandoned, stages + 1, priority, kind,
    queue, $2, error, arguments, tenant, tags, version, trace, limit_key, batch, awaited
  from scheduled
  returning id
)
select count(*), false from enqueued";

/// Whatever their states, wherever they are.
const DELETE: &str = "select deleted, was_held from job_engine.delete_jobs($1, $3, $2, false)";

const STATE: &str = "select state::text from job_engine.jobs where id = $1";

/// How often a job may change while it is being looked at.
const TRIES: usize = 5;

/// A job, and the change after which it was looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) job: JobId,
    /// A job that has changed since is left alone; `None` takes it as it is.
    pub(crate) changed_at: Option<Timestamp>,
}

/// On how many jobs a command was carried out, and whether servers held some of them, which have
/// lost their leases.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) jobs: usize,
    pub(crate) some_were_held: bool,
}

pub(crate) struct Answer {
    pub(crate) commanded: Commanded,
    /// A server held the job, and has lost its lease.
    pub(crate) was_held: bool,
}

pub(crate) async fn command(pool: &PgPool, act: &Act) -> Result<Answer, StorageError> {
    let seen = Seen {
        job: act.job,
        changed_at: act.seen,
    };
    for _ in 0..TRIES {
        let mut transaction = begin(pool).await.map_err(unavailable)?;
        let done = carry_out(&mut transaction, &[seen], &PLACES, act.command, &act.reason).await?;
        if done.jobs > 0 {
            if let Some(deed) = &act.deed {
                deeds::record(&mut *transaction, deed).await?;
            }
            transaction.commit().await.map_err(unavailable)?;
            return Ok(Answer {
                commanded: Commanded::Done,
                was_held: done.some_were_held,
            });
        }

        let found: Option<String> = sqlx::query_scalar(STATE)
            .bind(act.job.0)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let Some(found) = found else {
            return Ok(Answer::nothing(Commanded::NotFound));
        };
        let found = state(&found)?;
        // Otherwise it has just changed into this state.
        if act.seen.is_some() || !applies(act.command, found) {
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

/// Commands many jobs of these places in one statement; those to which it does not apply are left as
/// they are.
pub(crate) async fn carry_out(
    connection: &mut PgConnection,
    jobs: &[Seen],
    places: &[Place],
    command: Command,
    reason: &str,
) -> Result<Done, StorageError> {
    let statement = match command {
        Command::Requeue => REQUEUE,
        Command::TriggerNow => TRIGGER_NOW,
        Command::Delete => DELETE,
    };
    // In the order of the ids, as every statement that locks several jobs takes them.
    let mut jobs = jobs.to_vec();
    jobs.sort_unstable_by_key(|seen| seen.job);
    let ids: Vec<Uuid> = jobs.iter().map(|seen| seen.job.0).collect();
    let changes: Vec<Option<i64>> = jobs
        .iter()
        .map(|seen| seen.changed_at.map(Timestamp::as_microsecond))
        .collect();
    let mut query = sqlx::query_as(statement)
        .bind(ids)
        .bind(text(reason))
        .bind(changes);
    if command != Command::Delete {
        query = query.bind(places);
    }
    let (done, some_were_held): (i64, bool) =
        query.fetch_one(connection).await.map_err(unavailable)?;
    Ok(Done {
        jobs: usize::try_from(done).unwrap_or_default(),
        some_were_held,
    })
}

fn applies(command: Command, state: State) -> bool {
    match command {
        Command::Requeue => state != State::Enqueued,
        Command::TriggerNow => state == State::Scheduled,
        Command::Delete => state != State::Deleted,
    }
}
