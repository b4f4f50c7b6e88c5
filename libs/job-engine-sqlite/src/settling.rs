use std::collections::HashSet;

use job_engine::State;
use job_engine::storage::{Lease, Outcome, Settled, Settlement, StorageError};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::claimed::lease;
use crate::clock::now;
use crate::convert::{delay_micros, error_json, id_json, micros, text, unavailable};
use crate::following;
use crate::throughput;
use crate::writer::Writer;

/// The run needs no row of its own in the history, here and below: the job keeps its columns.
/// `$1` is a JSON array of `[id, epoch, duration, result]`.
const SUCCEED: &str = "
update job_engine_jobs as job
set state = 'Succeeded', changed_at = $2, ended_at = $2, duration = s.value ->> 2,
  result = s.value ->> 3, reason = null
from json_each($1) as s
where job.id = unhex(s.value ->> 0) and job.epoch = s.value ->> 1 and job.state = 'Processing'
returning id, epoch";

/// `$1` is a JSON array of `[id, epoch, error, group, reason]`.
const FAIL: &str = "
update job_engine_jobs as job
set state = 'Failed', changed_at = $2, ended_at = $2, duration = null, result = null,
  error = s.value ->> 2, error_group = s.value ->> 3, reason = s.value ->> 4
from json_each($1) as s
where job.id = unhex(s.value ->> 0) and job.epoch = s.value ->> 1 and job.state = 'Processing'
returning id, epoch";

/// The stage that a run ends without finishing the job. `$1` begins as in the statements below.
const REMEMBER: &str = "
insert into job_engine_history
  (job, stage, attempt, enqueued_at, enqueue_reason, claimed_at, server, state, changed_at, error)
select job.id, stages, attempts, enqueued_at, enqueue_reason, claimed_at, server,
  iif(s.value ->> 4 is null, null, 'Failed'), $2, s.value ->> 4
from json_each($1) as s
cross join job_engine_jobs as job
where job.id = unhex(s.value ->> 0) and job.epoch = s.value ->> 1 and job.state = 'Processing'";

/// Failed with another attempt to come (with an error), and snoozed (without).
/// `$1` is a JSON array of `[id, epoch, delay, reason, error]`.
const RESCHEDULE: &str = "
update job_engine_jobs as job
set state = 'Scheduled', changed_at = $2, due_at = $2 + (s.value ->> 2), reason = s.value ->> 3,
  error = coalesce(s.value ->> 4, error), attempts = attempts - (s.value ->> 4 is null),
  stages = stages + 1, enqueued_at = null, enqueue_reason = null, claimed_at = null, server = null
from json_each($1) as s
where job.id = unhex(s.value ->> 0) and job.epoch = s.value ->> 1 and job.state = 'Processing'
returning id, epoch";

/// Failed for the last time and not kept. `$1` is a JSON array of `[id, epoch, null, reason, error]`.
const DISCARD: &str = "
update job_engine_jobs as job
set state = 'Deleted', changed_at = $2, ended_at = $2, reason = s.value ->> 3, error = s.value ->> 4,
  stages = stages + 1, enqueued_at = null, enqueue_reason = null, claimed_at = null, server = null
from json_each($1) as s
where job.id = unhex(s.value ->> 0) and job.epoch = s.value ->> 1 and job.state = 'Processing'
returning id, epoch";

/// Given back by a server that stops. `$1` is a JSON array of `[id, epoch, null, reason]`.
const GIVE_BACK: &str = "
update job_engine_jobs as job
set state = 'Enqueued', changed_at = $2, enqueued_at = $2, enqueue_reason = s.value ->> 3,
  attempts = attempts - 1, stages = stages + 1, claimed_at = null, server = null
from json_each($1) as s
where job.id = unhex(s.value ->> 0) and job.epoch = s.value ->> 1 and job.state = 'Processing'
returning id, epoch";

/// What became of settlements.
pub(crate) struct Recorded {
    /// In the order of the settlements.
    pub(crate) settled: Vec<Settled>,
    /// Jobs that waited for these may run now.
    pub(crate) released: bool,
}

/// Records how claims ended, in one transaction.
pub(crate) async fn settle(
    writer: &Writer,
    settlements: &[Settlement],
) -> Result<Recorded, StorageError> {
    let batches = Batches::of(settlements);
    let mut write = writer.quick().await?;
    let now = now();
    let mut accepted = batches.write(&mut write.transaction, now).await?;
    count(&mut write.transaction, settlements, &accepted, now).await?;
    let released = following::spread_news(&mut write.transaction, now).await?;
    write.commit().await?;

    // Removed, so that a lease that is settled twice is accepted once.
    let answer = |settlement: &Settlement| {
        if accepted.remove(&settlement.lease) {
            Settled::Accepted
        } else {
            Settled::Stale
        }
    };
    Ok(Recorded {
        settled: settlements.iter().map(answer).collect(),
        released,
    })
}

/// Counts the states into which jobs came, for the statistics.
async fn count(
    connection: &mut SqliteConnection,
    settlements: &[Settlement],
    accepted: &HashSet<Lease>,
    now: i64,
) -> Result<(), StorageError> {
    for state in [
        State::Succeeded,
        State::Failed,
        State::Scheduled,
        State::Deleted,
    ] {
        let came = |settlement: &&Settlement| {
            let outcome = &settlement.outcome;
            arrival(outcome) == Some(state) && accepted.contains(&settlement.lease)
        };
        let jobs = settlements.iter().filter(came).count();
        throughput::count_arrivals(connection, state, jobs, now).await?;
    }
    Ok(())
}

fn arrival(outcome: &Outcome) -> Option<State> {
    match outcome {
        Outcome::Succeeded { .. } => Some(State::Succeeded),
        Outcome::Failed { .. } => Some(State::Failed),
        Outcome::Discarded { .. } => Some(State::Deleted),
        Outcome::Retry { .. } => Some(State::Scheduled),
        Outcome::Snoozed { .. } | Outcome::Returned { .. } => None,
    }
}

/// Settlements as rows of JSON, by the statement that records them.
#[derive(Default)]
struct Batches {
    succeeded: Vec<Value>,
    failed: Vec<Value>,
    rescheduled: Vec<Value>,
    discarded: Vec<Value>,
    returned: Vec<Value>,
}

impl Batches {
    /// The first settlement of a lease counts.
    fn of(settlements: &[Settlement]) -> Self {
        let mut batches = Self::default();
        let mut seen = HashSet::with_capacity(settlements.len());
        for settlement in settlements {
            if seen.insert(settlement.lease) {
                batches.add(settlement);
            }
        }
        batches
    }

    fn add(&mut self, settlement: &Settlement) {
        let (id, epoch) = (id_json(settlement.lease.job.0), settlement.lease.epoch);
        match &settlement.outcome {
            Outcome::Succeeded { duration, result } => {
                let row = json!([id, epoch, micros(*duration), result]);
                self.succeeded.push(row);
            }
            Outcome::Failed { error, reason } => {
                let (json, group) = (error_json(error), error.group());
                self.failed
                    .push(json!([id, epoch, json, group, text(reason)]));
            }
            Outcome::Retry {
                error,
                delay,
                reason,
            } => {
                let (delay, reason) = (delay_micros(*delay), text(reason));
                let row = json!([id, epoch, delay, reason, error_json(error)]);
                self.rescheduled.push(row);
            }
            Outcome::Discarded { error, reason } => {
                let (error, reason) = (error_json(error), text(reason));
                self.discarded.push(json!([id, epoch, null, reason, error]));
            }
            Outcome::Snoozed { delay, reason } => {
                let (delay, reason) = (delay_micros(*delay), text(reason));
                self.rescheduled
                    .push(json!([id, epoch, delay, reason, null]));
            }
            Outcome::Returned { reason } => {
                self.returned.push(json!([id, epoch, null, text(reason)]));
            }
        }
    }

    /// Answers the leases that were valid.
    async fn write(
        self,
        connection: &mut SqliteConnection,
        now: i64,
    ) -> Result<HashSet<Lease>, StorageError> {
        let mut accepted = HashSet::new();
        let batches = [
            (self.succeeded, SUCCEED, false),
            (self.failed, FAIL, false),
            (self.rescheduled, RESCHEDULE, true),
            (self.discarded, DISCARD, true),
            (self.returned, GIVE_BACK, true),
        ];
        for (rows, statement, ends_a_stage) in batches {
            if !rows.is_empty() {
                let rows = Value::Array(rows).to_string();
                if ends_a_stage {
                    remember(connection, &rows, now).await?;
                }
                accepted.extend(record(connection, statement, &rows, now).await?);
            }
        }
        Ok(accepted)
    }
}

async fn remember(
    connection: &mut SqliteConnection,
    rows: &str,
    now: i64,
) -> Result<(), StorageError> {
    sqlx::query(REMEMBER)
        .bind(rows)
        .bind(now)
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn record(
    connection: &mut SqliteConnection,
    statement: &'static str,
    rows: &str,
    now: i64,
) -> Result<Vec<Lease>, StorageError> {
    let accepted = sqlx::query(statement)
        .bind(rows)
        .bind(now)
        .fetch_all(connection)
        .await
        .map_err(unavailable)?;
    accepted.iter().map(lease).collect()
}
