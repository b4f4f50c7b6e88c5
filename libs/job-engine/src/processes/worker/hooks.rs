use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::job::{Failure, JobError};
use crate::panics::contained;
use crate::registry::DecodedJob;

const TRIES: u32 = 3;
const TIME_PER_TRY: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// What a job is told about its failure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hook {
    Failed,
    GivenUp,
}

impl Hook {
    /// Tells the job; tries a few times. The error is what goes into the job's history, for a hook
    /// that fails must not keep the failure itself from being recorded.
    pub(super) async fn call<C: Send + Sync>(
        self,
        job: &dyn DecodedJob<C>,
        context: &C,
        failure: &Failure,
    ) -> Result<(), String> {
        let mut message = String::new();
        for attempt in 1..=TRIES {
            let call = match self {
                Self::Failed => job.failed(context, failure),
                Self::GivenUp => job.given_up(context, failure),
            };
            message = match timeout(TIME_PER_TRY, contained(call)).await {
                Ok(Ok(Ok(()))) => return Ok(()),
                Ok(Ok(Err(JobError::Fail(error)))) => {
                    message = error.message;
                    break;
                }
                Ok(
                    Ok(Err(JobError::Retry(error) | JobError::RetryAfter(error, _))) | Err(error),
                ) => error.message,
                Ok(Ok(Err(JobError::Snooze(_)))) => "a hook cannot snooze".to_owned(),
                Err(_) => format!("no end after {} s", TIME_PER_TRY.as_secs()),
            };
            if attempt < TRIES {
                sleep(PAUSE * attempt).await;
            }
        }

        let name = self.name();
        tracing::error!(error = message, "the hook `{name}` of a job failed");
        Err(format!("`{name}` did not work: {message}"))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }
}
