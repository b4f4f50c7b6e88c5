//! What servers and clients count, by the `metrics` facade. The names are in the README.

use std::collections::HashMap;
use std::time::Duration;

use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};

use crate::new_job::NewJob;
use crate::storage::{ClaimedJob, Outcome};
use crate::unique::Duplicate;

const ENQUEUED: &str = "job_engine_enqueued_total";
const CLAIMED: &str = "job_engine_claimed_total";
const SUCCEEDED: &str = "job_engine_succeeded_total";
const RETRIED: &str = "job_engine_retried_total";
const FAILED: &str = "job_engine_failed_total";
const STALE: &str = "job_engine_stale_total";
const WAITED: &str = "job_engine_waited_seconds";
const RUN: &str = "job_engine_run_seconds";

/// Those of each kind that a server knows, looked up once.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    kinds: HashMap<String, Meter>,
}

#[derive(Debug)]
struct Meter {
    claimed: Counter,
    waited: Histogram,
    succeeded: Counter,
    retried: Counter,
    failed: Counter,
    run: Histogram,
}

impl Meters {
    pub(crate) fn of(kinds: impl IntoIterator<Item = String>) -> Self {
        describe();
        Self {
            kinds: kinds
                .into_iter()
                .map(|kind| (kind.clone(), Meter::of(kind)))
                .collect(),
        }
    }

    pub(crate) fn claimed(&self, job: &ClaimedJob) {
        if let Some(meter) = self.kinds.get(&job.kind) {
            meter.claimed.increment(1);
            meter.waited.record(job.waited.as_secs_f64());
        }
    }

    /// A run has ended; it took so long.
    pub(crate) fn ended(&self, kind: &str, outcome: &Outcome, took: Duration) {
        let Some(meter) = self.kinds.get(kind) else {
            return;
        };
        let counter = match outcome {
            Outcome::Succeeded { .. } => &meter.succeeded,
            Outcome::Retry { .. } => &meter.retried,
            Outcome::Failed { .. } | Outcome::Discarded { .. } => &meter.failed,
            Outcome::Snoozed { .. } | Outcome::Returned { .. } => return,
        };
        counter.increment(1);
        meter.run.record(took.as_secs_f64());
    }
}

impl Meter {
    fn of(kind: String) -> Self {
        Self {
            claimed: counter!(CLAIMED, "kind" => kind.clone()),
            waited: histogram!(WAITED, "kind" => kind.clone()),
            succeeded: counter!(SUCCEEDED, "kind" => kind.clone()),
            retried: counter!(RETRIED, "kind" => kind.clone()),
            failed: counter!(FAILED, "kind" => kind.clone()),
            run: histogram!(RUN, "kind" => kind),
        }
    }
}

/// Counts jobs that this process has enqueued, but for the duplicates among them. For storages that
/// enqueue in a transaction of the caller, whose end they do not see.
pub fn count_enqueued<'a>(jobs: impl IntoIterator<Item = &'a NewJob>, duplicates: &[Duplicate]) {
    let is_stored = |job: &&NewJob| duplicates.iter().all(|duplicate| duplicate.job != job.id);
    let mut stored: HashMap<&str, u64> = HashMap::new();
    for job in jobs.into_iter().filter(is_stored) {
        *stored.entry(&job.kind).or_default() += 1;
    }
    for (kind, jobs) in stored {
        counter!(ENQUEUED, "kind" => kind.to_owned()).increment(jobs);
    }
}

pub(crate) fn stale() {
    counter!(STALE).increment(1);
}

fn describe() {
    describe_counter!(ENQUEUED, "Jobs that this process enqueued");
    describe_counter!(CLAIMED, "Jobs that servers of this process claimed");
    describe_counter!(SUCCEEDED, "Runs that succeeded");
    describe_counter!(RETRIED, "Runs that failed and are tried again");
    describe_counter!(FAILED, "Runs that failed for the last time");
    describe_counter!(STALE, "Runs whose outcome came after their lease was lost");
    describe_histogram!(
        WAITED,
        Unit::Seconds,
        "How long jobs were enqueued before they were claimed"
    );
    describe_histogram!(RUN, Unit::Seconds, "How long runs took");
}
