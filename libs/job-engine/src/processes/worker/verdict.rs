use std::time::Duration;

use super::hooks::Hook;
use crate::job::{Attempt, ErrorReport, Failure};
use crate::retry::{RetryPolicy, WhenExceeded};
use crate::storage::Outcome;

/// What is kept of an error's message, and of its details.
const MAX_MESSAGE_BYTES: usize = 4 * 1024;
const MAX_DETAILS_BYTES: usize = 64 * 1024;
const MAX_REASON_BYTES: usize = 200;

/// What is decided after a failure.
pub(super) struct Verdict {
    error: ErrorReport,
    retry_in: Option<Duration>,
    reason: String,
    /// It is not kept as `Failed`.
    discards: bool,
}

impl Verdict {
    pub(super) fn after(error: ErrorReport, attempt: u32, policy: &RetryPolicy) -> Self {
        let error = clipped(error);
        if !policy.retries_after(&error) {
            let kind = clip(&error.kind, MAX_REASON_BYTES);
            let reason = format!("Given up: errors of the kind `{kind}` are not retried");
            return Self::last(error, reason);
        }
        if let Some(delay) = policy.delay_before(attempt, rand::random()) {
            return Self::again(error, attempt, policy.retries, delay);
        }

        let reason = match attempt {
            1 => "Given up after one attempt".to_owned(),
            attempt => format!("Given up after {attempt} attempts"),
        };
        Self {
            discards: policy.when_exceeded == WhenExceeded::Delete,
            ..Self::last(error, reason)
        }
    }

    fn again(error: ErrorReport, attempt: u32, retries: u32, delay: Duration) -> Self {
        let message = error.message.lines().next().unwrap_or_default();
        let message = clip(message, MAX_REASON_BYTES);
        Self {
            reason: format!("Retry attempt {attempt} of {retries}: {message}"),
            error,
            retry_in: Some(delay),
            discards: false,
        }
    }

    fn last(error: ErrorReport, reason: String) -> Self {
        Self {
            error,
            retry_in: None,
            reason,
            discards: false,
        }
    }

    pub(super) fn fatal(error: ErrorReport) -> Self {
        let reason = "Given up: the job says that trying again will not help".to_owned();
        Self::last(clipped(error), reason)
    }

    pub(super) fn crashed(abandoned: u32) -> Self {
        let message = format!("the process died {abandoned} times while it ran this job");
        let reason = format!("Given up: {message}");
        let error = ErrorReport {
            kind: "crash".to_owned(),
            details: message.clone(),
            message,
        };
        Self::last(error, reason)
    }

    /// If there is another attempt, the job itself knows when.
    pub(super) fn instead_after(mut self, delay: Duration) -> Self {
        self.retry_in = self.retry_in.map(|_| delay);
        self
    }

    pub(super) fn outcome(self) -> Outcome {
        let Self {
            error,
            retry_in,
            reason,
            discards,
        } = self;
        match retry_in {
            Some(delay) => Outcome::Retry {
                error,
                delay,
                reason,
            },
            None if discards => Outcome::Discarded { error, reason },
            None => Outcome::Failed { error, reason },
        }
    }
}

/// What a job is told of its failure; `None` when it has not failed.
pub(super) fn failure(outcome: &Outcome, attempt: &Attempt) -> Option<Failure> {
    let (error, retry_in) = match outcome {
        Outcome::Retry { error, delay, .. } => (error, Some(*delay)),
        Outcome::Failed { error, .. } | Outcome::Discarded { error, .. } => (error, None),
        _ => return None,
    };
    Some(Failure {
        job_id: attempt.job_id(),
        attempt: attempt.number,
        max_attempts: attempt.max,
        message: error.message.clone(),
        retry_in,
    })
}

pub(super) const fn hooks(failure: &Failure) -> &'static [Hook] {
    match failure.retry_in {
        Some(_) => &[Hook::Failed],
        None => &[Hook::Failed, Hook::GivenUp],
    }
}

/// Adds to the reason of a failure.
pub(super) fn note(outcome: &mut Outcome, note: &str) {
    if let Outcome::Retry { reason, .. }
    | Outcome::Failed { reason, .. }
    | Outcome::Discarded { reason, .. } = outcome
    {
        reason.push_str("; ");
        reason.push_str(clip(note, MAX_REASON_BYTES));
    }
}

pub(super) fn log(outcome: &Outcome) {
    match outcome {
        Outcome::Succeeded { .. } => tracing::debug!("the job succeeded"),
        Outcome::Retry { error, delay, .. } => {
            tracing::warn!(
                error = error.message,
                kind = error.kind,
                ?delay,
                "the job failed"
            );
        }
        Outcome::Failed { error, reason } | Outcome::Discarded { error, reason } => {
            let (message, kind) = (&error.message, &error.kind);
            tracing::error!(error = message, kind, reason, "the job was given up");
        }
        Outcome::Snoozed { .. } | Outcome::Returned { .. } => {}
    }
}

pub(super) fn clipped(mut error: ErrorReport) -> ErrorReport {
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
