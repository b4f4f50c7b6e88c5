use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::hooks::Hook;
use super::panics::{Contained, caught, contained};
use crate::job::{Attempt, ErrorReport, Failure, JobError};
use crate::processes::within;
use crate::registry::{DecodedJob, Kind, Registry};
use crate::retry::RetryPolicy;
use crate::session::Session;
use crate::storage::{ClaimedJob, Heartbeat, Lease, Outcome};

/// What is kept of an error's message, and of its details.
const MAX_MESSAGE_BYTES: usize = 4 * 1024;
const MAX_DETAILS_BYTES: usize = 64 * 1024;
const MAX_REASON_BYTES: usize = 200;

/// How long the storage may take to say whether a lease is still valid.
const LEASE_CHECK: Duration = Duration::from_secs(2);

/// Runs a job once and decides what follows.
pub(crate) struct Runner<C> {
    pub(crate) session: Arc<Session>,
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) context: Arc<C>,
}

/// What is decided after a failure.
struct Verdict {
    error: ErrorReport,
    retry_in: Option<Duration>,
    reason: String,
}

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
        let job = match decode(kind, &claimed.arguments) {
            Ok(job) => job,
            Err(error) => return Some(unreadable(error)),
        };
        let policy = kind.retry.as_ref().unwrap_or(&self.session.options.retry);
        let attempt = Attempt {
            lease: claimed.lease,
            number: claimed.attempt,
            max: policy.retries.saturating_add(1),
            tenant: claimed.tenant.clone(),
            tags: claimed.tags.clone(),
            cancelled: cancelled.clone(),
        };

        if claimed.abandoned >= self.session.options.max_abandoned {
            return Some(self.bury(job.get().as_ref(), claimed, &attempt).await);
        }

        let started = Instant::now();
        let ended = contained(job.get().run(&self.context, &attempt)).await;
        let verdict = match ended {
            Ok(Ok(())) => {
                tracing::debug!("the job succeeded");
                return Some(Outcome::Succeeded {
                    duration: started.elapsed(),
                    result: None,
                });
            }
            Ok(Err(JobError::Snooze(delay))) => return Some(snoozed(delay)),
            // What fails because it was told to stop says nothing about the job.
            _ if cancelled.is_cancelled() => return None,
            Ok(Err(JobError::Fail(error))) => Verdict::fatal(error),
            Ok(Err(JobError::Retry(error))) | Err(error) => {
                Verdict::after(error, claimed.attempt, policy)
            }
        };
        Some(self.conclude(job.get().as_ref(), &attempt, verdict).await)
    }

    /// Gives up a job whose process died each time. If it died even in here, the job is not told
    /// any more.
    async fn bury(
        &self,
        job: &dyn DecodedJob<C>,
        claimed: &ClaimedJob,
        attempt: &Attempt,
    ) -> Outcome {
        let verdict = Verdict::crashed(claimed.abandoned);
        if claimed.abandoned > self.session.options.max_abandoned {
            return verdict.outcome();
        }
        self.conclude(job, attempt, verdict).await
    }

    /// Tells the job of its failure before that is recorded.
    async fn conclude(
        &self,
        job: &dyn DecodedJob<C>,
        attempt: &Attempt,
        mut verdict: Verdict,
    ) -> Outcome {
        if self.still_holds(attempt.lease).await {
            let failure = verdict.failure(attempt);
            for hook in verdict.hooks() {
                if let Err(note) = hook.call(job, &self.context, &failure).await {
                    verdict.note(&note);
                }
            }
        }
        verdict.outcome()
    }

    /// Whether this server may still speak for the job: a run that was overtaken must not tell
    /// anyone that it failed. While the storage is away the answer is yes.
    async fn still_holds(&self, lease: Lease) -> bool {
        let session = &self.session;
        let leases = [lease];
        let asked = session.storage.heartbeat(session.server, &leases);
        match within(LEASE_CHECK, asked).await {
            Ok(Heartbeat::Alive { lost }) => lost.is_empty(),
            Ok(Heartbeat::Gone) => false,
            Err(_) => true,
        }
    }
}

impl Verdict {
    fn after(error: ErrorReport, attempt: u32, policy: &RetryPolicy) -> Self {
        let retry_in = policy.delay_before(attempt, rand::random());
        let reason = match retry_in {
            Some(_) => {
                let message = error.message.lines().next().unwrap_or_default();
                let message = clip(message, MAX_REASON_BYTES);
                format!("Retry attempt {attempt} of {}: {message}", policy.retries)
            }
            None if attempt == 1 => "Given up after one attempt".to_owned(),
            None => format!("Given up after {attempt} attempts"),
        };
        Self {
            error: clipped(error),
            retry_in,
            reason,
        }
    }

    fn fatal(error: ErrorReport) -> Self {
        Self {
            error: clipped(error),
            retry_in: None,
            reason: "Given up: the job says that trying again will not help".to_owned(),
        }
    }

    fn crashed(abandoned: u32) -> Self {
        let message = format!("the process died {abandoned} times while it ran this job");
        Self {
            reason: format!("Given up: {message}"),
            error: ErrorReport {
                kind: "crash".to_owned(),
                details: message.clone(),
                message,
            },
            retry_in: None,
        }
    }

    fn failure(&self, attempt: &Attempt) -> Failure {
        Failure {
            job_id: attempt.job_id(),
            attempt: attempt.number,
            max_attempts: attempt.max,
            message: self.error.message.clone(),
            retry_in: self.retry_in,
        }
    }

    const fn hooks(&self) -> &'static [Hook] {
        match self.retry_in {
            Some(_) => &[Hook::Failed],
            None => &[Hook::Failed, Hook::GivenUp],
        }
    }

    fn note(&mut self, note: &str) {
        self.reason.push_str("; ");
        self.reason.push_str(clip(note, MAX_REASON_BYTES));
    }

    fn outcome(self) -> Outcome {
        let Self {
            error,
            retry_in,
            reason,
        } = self;
        let kind = &error.kind;
        if let Some(delay) = retry_in {
            tracing::warn!(error = error.message, kind, ?delay, "the job failed");
            return Outcome::Retry {
                error,
                delay,
                reason,
            };
        }
        tracing::error!(error = error.message, kind, reason, "the job was given up");
        Outcome::Failed { error, reason }
    }
}

type Decoded<C> = Contained<Box<dyn DecodedJob<C>>>;

fn decode<C>(kind: &Kind<C>, arguments: &str) -> Result<Decoded<C>, ErrorReport> {
    match caught(|| (kind.decode)(arguments))? {
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

fn clipped(mut error: ErrorReport) -> ErrorReport {
    error
        .message
        .truncate(clip(&error.message, MAX_MESSAGE_BYTES).len());
    error
        .details
        .truncate(clip(&error.details, MAX_DETAILS_BYTES).len());
    error
}

fn clip(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}
