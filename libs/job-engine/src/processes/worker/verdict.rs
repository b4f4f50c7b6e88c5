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

    pub(super) fn failure(&self, attempt: &Attempt) -> Failure {
        Failure {
            job_id: attempt.job_id(),
            attempt: attempt.number,
            max_attempts: attempt.max,
            message: self.error.message.clone(),
            retry_in: self.retry_in,
        }
    }

    pub(super) const fn hooks(&self) -> &'static [Hook] {
        match self.retry_in {
            Some(_) => &[Hook::Failed],
            None => &[Hook::Failed, Hook::GivenUp],
        }
    }

    pub(super) fn note(&mut self, note: &str) {
        self.reason.push_str("; ");
        self.reason.push_str(clip(note, MAX_REASON_BYTES));
    }

    pub(super) fn outcome(self) -> Outcome {
        let Self {
            error,
            retry_in,
            reason,
            discards,
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
        if discards {
            return Outcome::Discarded { error, reason };
        }
        Outcome::Failed { error, reason }
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
