use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::LAST_CHANCE;
use super::verdict::{self, Verdict, clipped};
use crate::filters::Run;
use crate::job::{Attempt, ErrorReport, JobError};
use crate::panics::{Contained, caught, contained};
use crate::processes::within;
use crate::registry::{DecodedJob, Kind, Registry};
use crate::retry::RetryPolicy;
use crate::session::Session;
use crate::storage::{ClaimedJob, Heartbeat, Lease, Outcome};

/// How long the storage may take to say whether a lease is still valid.
const LEASE_CHECK: Duration = Duration::from_secs(2);

/// Runs a job once and decides what follows.
pub(crate) struct Runner<C> {
    pub(crate) session: Arc<Session>,
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) context: Arc<C>,
}

/// What a run comes to; an error is a panic or a run that took too long.
type Ended = Result<Result<(), JobError>, ErrorReport>;

impl<C: Send + Sync + 'static> Runner<C> {
    /// What the run came to; `None` when it was told to stop and did.
    pub(crate) async fn run(
        &self,
        claimed: &ClaimedJob,
        cancelled: &CancellationToken,
    ) -> Option<Outcome> {
        let Some(kind) = self.registry.kind(&claimed.kind) else {
            let reason = format!("Handed back: no `{}` jobs are known here", claimed.kind);
            return Some(Outcome::Returned { reason });
        };
        let job = match decode(kind, claimed) {
            Ok(job) => job,
            Err(error) => return Some(unreadable(error)),
        };
        let policy = kind.retry.as_ref().unwrap_or(&self.session.options.retry);
        let attempt = Attempt {
            tenant: claimed.tenant.clone(),
            tags: claimed.tags.clone(),
            batch: claimed.batch,
            trace: claimed.trace.clone(),
            // Of its own, for the run's time may be up although the lease is valid.
            cancelled: cancelled.child_token(),
            notepad: self.session.notepads.open(claimed.lease),
            ..Attempt::new(
                claimed.lease,
                claimed.attempt,
                policy.retries.saturating_add(1),
            )
        };

        let run = self.session.filters.run(|| Run {
            kind: claimed.kind.clone(),
            queue: claimed.queue.clone(),
            arguments: claimed.arguments.clone(),
            attempt: attempt.clone(),
        });

        let max_abandoned = self.session.options.max_abandoned;
        if claimed.abandoned > max_abandoned {
            // The process died even when the job was told that it is given up.
            return Some(Verdict::crashed(claimed.abandoned).outcome());
        }
        let outcome = if claimed.abandoned == max_abandoned {
            Verdict::crashed(claimed.abandoned).outcome()
        } else {
            let running = job.get().run(&self.context, &attempt);
            let running = self.session.filters.around(run.as_ref(), running);
            let limit = kind.timeout.or(self.session.options.timeout);
            let started = Instant::now();
            let ended = within_its_time(limit, contained(running), &attempt.cancelled).await;
            outcome(ended, &attempt, policy, started.elapsed(), cancelled)?
        };
        let concluded = self.conclude(job.get().as_ref(), &attempt, run, outcome);
        Some(concluded.await)
    }

    /// Lets filters see the outcome, and tells the job of a failure before that is recorded.
    async fn conclude(
        &self,
        job: &dyn DecodedJob<C>,
        attempt: &Attempt,
        run: Option<Run>,
        mut outcome: Outcome,
    ) -> Outcome {
        self.session.filters.elect(run.as_ref(), &mut outcome);
        verdict::log(&outcome);
        if let Some(failure) = verdict::failure(&outcome, attempt)
            && self.still_holds(attempt.lease).await
        {
            for hook in verdict::hooks(&failure) {
                if let Err(note) = hook.call(job, &self.context, &failure).await {
                    verdict::note(&mut outcome, &note);
                }
            }
        }
        if let Some(run) = run {
            self.session.filters.ended(run);
        }
        outcome
    }

    /// Whether this server may still speak for the job: a run that was overtaken must not tell
    /// anyone that it failed. While the storage is away the answer is yes.
    async fn still_holds(&self, lease: Lease) -> bool {
        let session = &self.session;
        let leases = [lease];
        let asked = session.storage.heartbeat(session.server, &leases);
        match within(LEASE_CHECK, asked).await {
            Ok(Heartbeat::Alive { lost, .. }) => lost.is_empty(),
            Ok(Heartbeat::Gone) => false,
            Err(_) => true,
        }
    }
}

/// `None` when the run was told to stop and did.
fn outcome(
    ended: Ended,
    attempt: &Attempt,
    policy: &RetryPolicy,
    duration: Duration,
    cancelled: &CancellationToken,
) -> Option<Outcome> {
    let verdict = match ended {
        Ok(Ok(())) => {
            let result = attempt.result();
            return Some(Outcome::Succeeded { duration, result });
        }
        Ok(Err(JobError::Snooze(delay))) => return Some(snoozed(delay)),
        // What fails because it was told to stop says nothing about the job.
        _ if cancelled.is_cancelled() => return None,
        Ok(Err(JobError::Fail(error))) => Verdict::fatal(error),
        Ok(Err(JobError::RetryAfter(error, delay))) => {
            Verdict::after(error, attempt.number, policy).instead_after(delay)
        }
        Ok(Err(JobError::Retry(error))) | Err(error) => {
            Verdict::after(error, attempt.number, policy)
        }
    };
    Some(verdict.outcome())
}

/// A run that takes longer than `limit` is told to stop. It may still end by itself, but what it
/// fails with then is that its time was up.
async fn within_its_time(
    limit: Option<Duration>,
    running: impl Future<Output = Ended>,
    stop: &CancellationToken,
) -> Ended {
    let Some(limit) = limit else {
        return running.await;
    };
    let mut running = pin!(running);
    if let Ok(ended) = timeout(limit, &mut running).await {
        return ended;
    }

    stop.cancel();
    match timeout(LAST_CHANCE, running).await {
        Ok(ended @ Ok(Ok(()) | Err(JobError::Snooze(_)))) => ended,
        _ => Err(timed_out(limit)),
    }
}

fn timed_out(limit: Duration) -> ErrorReport {
    let message = format!("no end after {limit:?}");
    ErrorReport {
        kind: "timeout".to_owned(),
        details: message.clone(),
        message,
    }
}

type Decoded<C> = Contained<Box<dyn DecodedJob<C>>>;

fn decode<C>(kind: &Kind<C>, claimed: &ClaimedJob) -> Result<Decoded<C>, ErrorReport> {
    match caught(|| (kind.decode)(&claimed.arguments, claimed.version))? {
        Ok(job) => Ok(Contained::hold(job)),
        Err(error) => Err(ErrorReport {
            kind: "arguments".to_owned(),
            message: format!("the arguments cannot be read: {error}"),
            details: format!("the arguments cannot be read: {error}"),
        }),
    }
}

/// No hook can be called without the job itself.
fn unreadable(error: ErrorReport) -> Outcome {
    tracing::error!(error = error.message, "the job was given up unread");
    Outcome::Failed {
        error: clipped(error),
        reason: "Given up: its arguments cannot be read, so it was not told".to_owned(),
    }
}

fn snoozed(delay: Duration) -> Outcome {
    Outcome::Snoozed {
        delay,
        reason: format!("Snoozed for {delay:?}"),
    }
}
