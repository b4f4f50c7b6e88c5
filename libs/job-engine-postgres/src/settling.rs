use std::collections::HashSet;
use std::time::Duration;

use job_engine::State;
use job_engine::job::ErrorReport;
use job_engine::storage::{JobId, Lease, Marks, Outcome, Settled, Settlement, StorageError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::convert::{delay_micros, error_json, micros, sparse, text, unavailable};
use crate::kept::Kept;
use crate::transaction::begin;

/// Succeeded (without a state) and Failed. The run needs no row of its own in the history: the
/// finished job has its columns. One row answers for all when all leases were valid. All that is
/// rarely needed asks what was `seen`, for each look at every one of the rows costs more.
const FINISH: &str = "
with done as (
  delete from job_engine.ready r
  using unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
      $8::bigint[], $9::bigint[])
    as s (id, epoch, state, duration, result, error, reason, low_marks, high_marks)
  where r.id = s.id and r.epoch = s.epoch and r.server is not null
  returning r.*, s.state, s.duration, s.result, s.error as new_error, s.reason as end_reason, s.low_marks,
    s.high_marks
), kept as (
  insert into job_engine.finished
    (id, created_at, enqueued_at, claimed_at, changed_at, epoch, duration, attempts, abandoned,
     stages, state, priority, server, kind, queue, enqueue_reason, reason, error, result, arguments,
     tenant, tags, version, trace, limit_key, batch, awaited, low_marks, high_marks)
  select id, created_at, enqueued_at, claimed_at, statement_timestamp(), epoch, duration,
    attempts + 1, abandoned, stages, coalesce(state::job_engine.state, 'Succeeded'), priority, server,
    kind, queue, reason, end_reason, coalesce(new_error, error), result, arguments, tenant, tags,
    version, trace, limit_key, batch, awaited, low_marks, high_marks
  from done
), seen as materialized (
  select state, queue, count(*) as jobs, bool_or(awaited) as awaited from done group by state, queue
), told as (
  insert into job_engine.news (job, batch, is_now)
  select id, batch, coalesce(state::job_engine.state, 'Succeeded') from done
  where awaited and (select bool_or(awaited) from seen)
), counted as (
  insert into job_engine.tally (state, jobs)
  select coalesce(state::job_engine.state, 'Succeeded'), sum(jobs)::bigint from seen group by state
), remembered as (
  insert into job_engine.queues (name)
  select queue from (select distinct queue from seen) as seen
  where not exists (select from job_engine.queues where name = queue)
  on conflict do nothing
)
select null as id, null as epoch, coalesce(bool_or(awaited), false) from seen
having sum(jobs) = cardinality($1)
union all
select id, epoch, coalesce(awaited, false) from done
where (select sum(jobs) from seen) is distinct from cardinality($1)";

/// Failed with another attempt to come (with an error), and snoozed (without).
const RESCHEDULE: &str = "
with done as (
  delete from job_engine.ready r
  using unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])
    as s (id, epoch, delay, reason, error)
  where r.id = s.id and r.epoch = s.epoch and r.server is not null
  returning r.*, s.delay, s.error as new_error, s.reason as new_reason
), past as (
  insert into job_engine.history
    (job, stage, attempt, enqueued_at, claimed_at, changed_at, state, server, enqueue_reason, error)
  select id, stages, attempts + 1, enqueued_at, claimed_at, statement_timestamp(),
    case when new_error is not null then 'Failed'::job_engine.state end, server, reason, new_error
  from done
), kept as (
  insert into job_engine.waiting
    (id, created_at, changed_at, due_at, epoch, attempts, abandoned, stages, priority, kind, queue,
     reason, error, arguments, tenant, tags, version, trace, limit_key, batch, awaited)
  select id, created_at, statement_timestamp(),
    statement_timestamp() + delay * interval '1 microsecond', epoch,
    attempts + (new_error is not null)::integer, abandoned, stages + 1, priority, kind, queue,
    new_reason, coalesce(new_error, error), arguments, tenant, tags, version, trace, limit_key,
    batch, awaited
  from done
), counted as (
  insert into job_engine.tally (state, jobs)
  select 'Scheduled', count(*) from done where new_error is not null having count(*) > 0
)
select id, epoch from done";

/// Failed for the last time and not kept.
const DISCARD: &str = "
with done as (
  delete from job_engine.ready r
  using unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) as s (id, epoch, reason, error)
  where r.id = s.id and r.epoch = s.epoch and r.server is not null
  returning r.*, s.error as new_error, s.reason as new_reason
), past as (
  insert into job_engine.history
    (job, stage, attempt, enqueued_at, claimed_at, changed_at, state, server, enqueue_reason, error)
  select id, stages, attempts + 1, enqueued_at, claimed_at, statement_timestamp(), 'Failed', server,
    reason, new_error
  from done
), kept as (
  insert into job_engine.finished
    (id, created_at, changed_at, epoch, attempts, abandoned, stages, state, priority, kind, queue,
     reason, error, arguments, tenant, tags, version, trace, batch, awaited)
  select id, created_at, statement_timestamp(), epoch, attempts + 1, abandoned, stages + 1,
    'Deleted', priority, kind, queue, new_reason, new_error, arguments, tenant, tags, version, trace,
    batch, awaited
  from done
), told as (
  insert into job_engine.news (job, batch, is_now)
  select id, batch, 'Deleted' from done where awaited
), counted as (
  insert into job_engine.tally (state, jobs) select 'Deleted', count(*) from done
), remembered as (
  insert into job_engine.queues (name) select distinct queue from done on conflict do nothing
)
select id, epoch, coalesce(awaited, false) from done";

/// Given back by a server that stops.
const GIVE_BACK: &str = "
with done as (
  select r.*, s.reason as new_reason
  from job_engine.ready r
  join unnest($1::uuid[], $2::bigint[], $3::text[]) as s (id, epoch, reason)
    on r.id = s.id and r.epoch = s.epoch
  where r.server is not null
  for update of r
), past as (
  insert into job_engine.history
    (job, stage, attempt, enqueued_at, claimed_at, server, enqueue_reason)
  select id, stages, attempts + 1, enqueued_at, claimed_at, server, reason from done
)
update job_engine.ready r
set server = null, claimed_at = null, stages = r.stages + 1, reason = new_reason,
  enqueued_at = clock_timestamp()
from done
where r.id = done.id
returning r.id, r.epoch";

/// What became of settlements.
pub(crate) struct Recorded {
    /// In the order of the settlements.
    pub(crate) settled: Vec<Settled>,
    /// Others are to be told how some of these jobs ended.
    pub(crate) are_news: bool,
}

/// Records how claims ended, in one transaction.
pub(crate) async fn settle(
    pool: &PgPool,
    kept: &Kept,
    settlements: &[Settlement],
) -> Result<Recorded, StorageError> {
    let columns = Columns::of(settlements);
    let (mut accepted, are_news) = if columns.are_one_statement() {
        let mut connection = kept.lend().await.map_err(unavailable)?;
        let accepted = columns.write(&mut connection).await.map_err(unavailable)?;
        connection.keep();
        accepted
    } else {
        let mut transaction = begin(pool).await.map_err(unavailable)?;
        let accepted = columns.write(&mut transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        accepted
    };

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
        are_news,
    })
}

/// Settlements column by column, by the statement that records them.
#[derive(Default)]
struct Columns<'a> {
    finished: Finished<'a>,
    rescheduled: Rescheduled,
    discarded: Discarded,
    returned: Returned,
}

#[derive(Default)]
struct Finished<'a> {
    leases: Leases,
    states: Vec<Option<&'static str>>,
    durations: Vec<Option<i64>>,
    results: Vec<Option<&'a str>>,
    errors: Vec<Option<String>>,
    reasons: Vec<Option<String>>,
    low_marks: Vec<Option<i64>>,
    high_marks: Vec<Option<i64>>,
}

#[derive(Default)]
struct Rescheduled {
    leases: Leases,
    delays: Vec<i64>,
    reasons: Vec<String>,
    errors: Vec<Option<String>>,
}

#[derive(Default)]
struct Discarded {
    leases: Leases,
    reasons: Vec<String>,
    errors: Vec<String>,
}

#[derive(Default)]
struct Returned {
    leases: Leases,
    reasons: Vec<String>,
}

#[derive(Default)]
struct Leases {
    jobs: Vec<Uuid>,
    epochs: Vec<i64>,
}

impl<'a> Columns<'a> {
    /// In the order of the ids, as every statement that locks several jobs takes them. The first
    /// settlement of a lease counts.
    fn of(settlements: &'a [Settlement]) -> Self {
        let mut ordered: Vec<&Settlement> = settlements.iter().collect();
        ordered.sort_by_key(|settlement| (settlement.lease.job, settlement.lease.epoch));
        ordered.dedup_by_key(|settlement| settlement.lease);

        let mut columns = Self::default();
        for settlement in ordered {
            columns.add(settlement);
        }
        columns
    }

    fn add(&mut self, settlement: &'a Settlement) {
        let lease = settlement.lease;
        match &settlement.outcome {
            Outcome::Succeeded { duration, result } => {
                self.finished.succeeded(lease, *duration, result.as_deref());
                self.finished.mark(&settlement.arguments);
            }
            Outcome::Failed { error, reason } => {
                self.finished.failed(lease, error, reason);
                self.finished.mark(&settlement.arguments);
            }
            Outcome::Retry {
                error,
                delay,
                reason,
            } => self.rescheduled.push(lease, *delay, reason, Some(error)),
            Outcome::Discarded { error, reason } => self.discarded.push(lease, error, reason),
            Outcome::Snoozed { delay, reason } => {
                self.rescheduled.push(lease, *delay, reason, None);
            }
            Outcome::Returned { reason } => self.returned.push(lease, reason),
        }
    }

    fn are_one_statement(&self) -> bool {
        let used = [
            self.finished.leases.is_empty(),
            self.rescheduled.leases.is_empty(),
            self.discarded.leases.is_empty(),
            self.returned.leases.is_empty(),
        ];
        used.iter().filter(|unused| !**unused).count() <= 1
    }

    /// Answers the leases that were valid, and whether others are to be told.
    async fn write(self, connection: &mut PgConnection) -> sqlx::Result<(HashSet<Lease>, bool)> {
        let mut accepted = HashSet::new();
        let mut are_news = false;
        if !self.finished.leases.is_empty() {
            let (finished, awaited) = self.finished.write(connection).await?;
            are_news = awaited;
            accepted.extend(finished);
        }
        if !self.rescheduled.leases.is_empty() {
            accepted.extend(self.rescheduled.write(connection).await?);
        }
        if !self.discarded.leases.is_empty() {
            let discarded = self.discarded.write(connection).await?;
            are_news |= discarded.iter().any(|(_, awaited)| *awaited);
            accepted.extend(discarded.into_iter().map(|(lease, _)| lease));
        }
        if !self.returned.leases.is_empty() {
            accepted.extend(self.returned.write(connection).await?);
        }
        Ok((accepted, are_news))
    }
}

impl<'a> Finished<'a> {
    fn succeeded(&mut self, lease: Lease, duration: Duration, result: Option<&'a str>) {
        self.leases.push(lease);
        self.states.push(None);
        self.durations.push(Some(micros(duration)));
        self.results.push(result);
        self.errors.push(None);
        self.reasons.push(None);
    }

    fn failed(&mut self, lease: Lease, error: &ErrorReport, reason: &str) {
        self.leases.push(lease);
        self.states.push(Some(State::Failed.name()));
        self.durations.push(None);
        self.results.push(None);
        self.errors.push(Some(error_json(error)));
        self.reasons.push(Some(text(reason)));
    }

    fn mark(&mut self, arguments: &str) {
        let marks = Marks::of(arguments);
        self.low_marks.push(marks.map(|marks| marks.low));
        self.high_marks.push(marks.map(|marks| marks.high));
    }

    /// Answers the leases that were valid, and whether others are to be told.
    async fn write(self, connection: &mut PgConnection) -> sqlx::Result<(Vec<Lease>, bool)> {
        let rows = sqlx::query(FINISH)
            .bind(&self.leases.jobs)
            .bind(&self.leases.epochs)
            .bind(sparse(self.states))
            .bind(sparse(self.durations))
            .bind(sparse(self.results))
            .bind(sparse(self.errors))
            .bind(sparse(self.reasons))
            .bind(sparse(self.low_marks))
            .bind(sparse(self.high_marks))
            .fetch_all(connection)
            .await?;

        let mut are_news = false;
        for row in &rows {
            are_news |= row.try_get::<bool, _>(2)?;
        }
        let all_valid = match rows.first() {
            Some(row) => row.try_get::<Option<Uuid>, _>(0)?.is_none(),
            None => false,
        };
        if all_valid {
            return Ok((self.leases.into_all(), are_news));
        }
        let valid = rows.iter().map(lease).collect::<sqlx::Result<_>>()?;
        Ok((valid, are_news))
    }
}

impl Rescheduled {
    fn push(&mut self, lease: Lease, delay: Duration, reason: &str, error: Option<&ErrorReport>) {
        self.leases.push(lease);
        self.delays.push(delay_micros(delay));
        self.reasons.push(text(reason));
        self.errors.push(error.map(error_json));
    }

    async fn write(self, connection: &mut PgConnection) -> sqlx::Result<Vec<Lease>> {
        sqlx::query(RESCHEDULE)
            .bind(self.leases.jobs)
            .bind(self.leases.epochs)
            .bind(self.delays)
            .bind(self.reasons)
            .bind(self.errors)
            .fetch_all(connection)
            .await?
            .iter()
            .map(lease)
            .collect()
    }
}

impl Discarded {
    fn push(&mut self, lease: Lease, error: &ErrorReport, reason: &str) {
        self.leases.push(lease);
        self.reasons.push(text(reason));
        self.errors.push(error_json(error));
    }

    async fn write(self, connection: &mut PgConnection) -> sqlx::Result<Vec<(Lease, bool)>> {
        sqlx::query(DISCARD)
            .bind(self.leases.jobs)
            .bind(self.leases.epochs)
            .bind(self.reasons)
            .bind(self.errors)
            .fetch_all(connection)
            .await?
            .iter()
            .map(|row| Ok((lease(row)?, row.try_get(2)?)))
            .collect()
    }
}

impl Returned {
    fn push(&mut self, lease: Lease, reason: &str) {
        self.leases.push(lease);
        self.reasons.push(text(reason));
    }

    async fn write(self, connection: &mut PgConnection) -> sqlx::Result<Vec<Lease>> {
        sqlx::query(GIVE_BACK)
            .bind(self.leases.jobs)
            .bind(self.leases.epochs)
            .bind(self.reasons)
            .fetch_all(connection)
            .await?
            .iter()
            .map(lease)
            .collect()
    }
}

impl Leases {
    fn push(&mut self, lease: Lease) {
        self.jobs.push(lease.job.0);
        self.epochs.push(lease.epoch);
    }

    fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    fn into_all(self) -> Vec<Lease> {
        let leases = self.jobs.into_iter().zip(self.epochs);
        let lease = |(job, epoch)| Lease {
            job: JobId(job),
            epoch,
        };
        leases.map(lease).collect()
    }
}

fn lease(row: &PgRow) -> sqlx::Result<Lease> {
    Ok(Lease {
        job: JobId(row.try_get(0)?),
        epoch: row.try_get(1)?,
    })
}
