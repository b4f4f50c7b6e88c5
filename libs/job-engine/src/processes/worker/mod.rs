//! The way of a job through a server: the claimer fetches it into the local queue, a worker takes
//! it from there and runs it, the settler records what it came to.

pub(crate) mod claimer;
mod hooks;
mod idle;
pub(crate) mod leases;
pub(crate) mod local_queue;
pub(crate) mod runner;
pub(crate) mod settler;
pub(crate) mod trial;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use self::local_queue::WaitingJob;
use self::runner::Runner;
use crate::session::Session;
use crate::storage::{ClaimedJob, LATEST_START, Outcome, Settlement};

/// What a job that must stop gets to end by itself, after its token has fired.
pub(crate) const LAST_CHANCE: Duration = Duration::from_millis(500);

/// For the history of a job that is handed back.
pub(crate) const SERVER_STOPS: &str = "Handed back: the server stops";

/// For the history of a job under a rate.
const TOO_LATE: &str = "Handed back: no worker came free in time for its rate";

/// Takes note of jobs that were claimed. `asked` is when the claim was sent, so before the storage's
/// clock counted it.
fn hold(session: &Session, claimed: Vec<ClaimedJob>, asked: Instant) -> Vec<WaitingJob> {
    for job in &claimed {
        session.meters.claimed(job);
    }
    let leases = claimed.iter().map(|job| job.lease);
    let tokens = session.leases.hold(leases);
    let since = Instant::now();
    claimed
        .into_iter()
        .zip(tokens)
        .map(|(claimed, cancelled)| WaitingJob {
            begin_by: claimed.is_rated.then(|| asked + LATEST_START),
            claimed,
            cancelled,
            since,
        })
        .collect()
}

/// Runs one job after the other until the queue is closed.
pub(crate) async fn work<C: Send + Sync + 'static>(
    runner: Arc<Runner<C>>,
    settlements: mpsc::Sender<Settlement>,
) {
    let session = &runner.session;
    while let Some(job) = session.queue.next().await {
        let lease = job.claimed.lease;
        let begun = Instant::now();
        let outcome = run(&runner, &job).await;
        let kind = &job.claimed.kind;
        session.meters.ended(kind, &outcome, begun.elapsed());
        session.notepads.close(lease).await;

        if session.leases.end(lease) {
            let settlement = Settlement {
                lease,
                outcome,
                arguments: job.claimed.arguments,
            };
            if settlements.send(settlement).await.is_err() {
                tracing::warn!(job = %lease.job, "nobody is left to record a job's outcome");
            }
        } else {
            session.tally.count_stale();
            session.filters.forget(lease);
            tracing::warn!(job = %lease.job, "a job lost its lease; its outcome is dropped");
        }
        session.queue.done();
    }
}

/// Runs the job until it ends, or shortly longer than it is allowed to.
async fn run<C: Send + Sync + 'static>(runner: &Runner<C>, job: &WaitingJob) -> Outcome {
    let claimed = &job.claimed;
    let span = tracing::info_span!(
        "job",
        id = %claimed.lease.job,
        kind = claimed.kind,
        queue = claimed.queue,
        attempt = claimed.attempt
    );
    let running = async {
        match trial::admit(&runner.session, claimed).await {
            Err(instead) => Some(instead),
            // To be admitted takes its time as well.
            Ok(()) if is_too_late(job) => Some(Outcome::Returned {
                reason: TOO_LATE.to_owned(),
            }),
            Ok(()) => runner.run(claimed, &job.cancelled).await,
        }
    };

    let outcome = tokio::select! {
        outcome = running.instrument(span) => outcome,
        () = overdue(&job.cancelled) => None,
    };
    outcome.unwrap_or_else(|| Outcome::Returned {
        reason: SERVER_STOPS.to_owned(),
    })
}

fn is_too_late(job: &WaitingJob) -> bool {
    job.begin_by.is_some_and(|latest| Instant::now() > latest)
}

async fn overdue(cancelled: &CancellationToken) {
    cancelled.cancelled().await;
    sleep(LAST_CHANCE).await;
}
