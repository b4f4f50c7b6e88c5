use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::job::{Attempt, JobError};
use crate::new_job::NewJob;
use crate::panics::caught;
use crate::storage::{Lease, Outcome};

/// What happens around jobs of every kind: when they are enqueued, while they run, and when a run
/// changes their state. Hangfire's client filters, server filters and state filters in one.
///
/// Each method has a default that changes nothing. A [`Client`](crate::Client) and a
/// [`Server`](crate::Server) have filters of their own, in the order in which they were added.
/// A filter that panics while a job runs fails the attempt; elsewhere its panic is logged and
/// nothing is changed, but for [`enqueuing`](Self::enqueuing), which refuses the job then.
#[async_trait]
pub trait Filter: fmt::Debug + Send + Sync + 'static {
    /// Before a client stores a job: may change it, for example tag it, or refuse it.
    fn enqueuing(&self, _job: &mut NewJob) -> Result<(), Refusal> {
        Ok(())
    }

    /// Around each run. Whoever does not call `next` skips the job, and what comes back decides
    /// what the attempt came to.
    async fn running(&self, _run: &Run, next: Next<'_>) -> Result<(), JobError> {
        next.run().await
    }

    /// What a run came to, before the job is told of a failure and before it is recorded: may put
    /// another outcome in its place, as Hangfire's election of a state.
    fn electing(&self, _run: &Run, _outcome: &mut Outcome) {}

    /// What was recorded. Not called for a run whose lease was lost, nor if the process dies.
    fn applied(&self, _run: &Run, _outcome: &Outcome) {}
}

/// A filter does not want a job to be enqueued; the text says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a filter refuses the job: {0}")]
pub struct Refusal(pub String);

/// One run of a job, as filters see it.
#[derive(Debug, Clone)]
pub struct Run {
    /// The kind of the job, by the name under which it is stored.
    pub kind: String,
    /// The queue from which it was claimed.
    pub queue: String,
    /// JSON text.
    pub arguments: String,
    /// Which attempt it is, and what the job can ask of it.
    pub attempt: Attempt,
}

/// The filters that follow, and the job behind them.
pub struct Next<'a> {
    run: &'a Run,
    filters: &'a [Arc<dyn Filter>],
    job: JobRun<'a>,
}

/// A job that runs when it is polled.
pub(crate) type JobRun<'a> = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send + 'a>>;

/// A server's filters.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    filters: Vec<Arc<dyn Filter>>,
    /// The runs whose outcome is on its way to the storage.
    ended: Mutex<HashMap<Lease, Run>>,
}

impl Next<'_> {
    /// Goes on to the next filter, or to the job.
    pub async fn run(self) -> Result<(), JobError> {
        let Some((filter, filters)) = self.filters.split_first() else {
            return self.job.await;
        };
        let next = Next { filters, ..self };
        filter.running(next.run, next).await
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.filters).finish()
    }
}

impl Filters {
    pub(crate) fn of(filters: &[Arc<dyn Filter>]) -> Self {
        Self {
            filters: filters.to_vec(),
            ended: Mutex::default(),
        }
    }

    /// `None` when nobody wants to see it.
    pub(crate) fn run(&self, describe: impl FnOnce() -> Run) -> Option<Run> {
        (!self.filters.is_empty()).then(describe)
    }

    pub(crate) fn around<'a>(&'a self, run: Option<&'a Run>, job: JobRun<'a>) -> JobRun<'a> {
        let Some(run) = run else {
            return job;
        };
        let filters = &self.filters;
        Box::pin(Next { run, filters, job }.run())
    }

    pub(crate) fn elect(&self, run: Option<&Run>, outcome: &mut Outcome) {
        let Some(run) = run else {
            return;
        };
        for filter in &self.filters {
            let mut elected = outcome.clone();
            match caught(|| filter.electing(run, &mut elected)) {
                Ok(()) => *outcome = elected,
                Err(panic) => tracing::error!(?filter, panic = panic.message, "a filter panicked"),
            }
        }
    }

    /// The outcome of this run is about to be recorded.
    pub(crate) fn ended(&self, run: Run) {
        self.lock().insert(run.attempt.lease, run);
    }

    pub(crate) fn applied(&self, lease: Lease, outcome: &Outcome) {
        let Some(run) = self.forget(lease) else {
            return;
        };
        for filter in &self.filters {
            if let Err(panic) = caught(|| filter.applied(&run, outcome)) {
                tracing::error!(?filter, panic = panic.message, "a filter panicked");
            }
        }
    }

    pub(crate) fn forget(&self, lease: Lease) -> Option<Run> {
        if self.filters.is_empty() {
            return None;
        }
        self.lock().remove(&lease)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Lease, Run>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows a job to a client's filters before it is stored.
pub(crate) fn admit(filters: &[Arc<dyn Filter>], job: &mut NewJob) -> Result<(), Refusal> {
    for filter in filters {
        caught(|| filter.enqueuing(job)).unwrap_or_else(|panic| {
            Err(Refusal(format!("{filter:?} panicked: {}", panic.message)))
        })?;
    }
    Ok(())
}
