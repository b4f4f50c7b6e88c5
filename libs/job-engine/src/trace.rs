use std::fmt;

use async_trait::async_trait;
use tracing::Span;

use crate::filters::{Filter, Next, Refusal, Run};
use crate::job::JobError;
use crate::new_job::NewJob;

/// The start of the tag in which a trace travels.
const TAG: &str = "traceparent:";

/// Reads and joins traces: the application's side, for example on OpenTelemetry, on which the engine
/// does not depend.
pub trait TraceContext: fmt::Debug + Send + Sync + 'static {
    /// The trace that goes on where a job is enqueued, as W3C's `traceparent` writes it; `None`
    /// outside of any.
    fn current(&self) -> Option<String>;

    /// Makes `span`, which covers a run, a part of the trace in which its job was enqueued.
    fn join(&self, span: &Span, traceparent: &str);
}

/// A filter that carries the trace from who enqueues a job to its runs. Both the client and the
/// server need it.
///
/// The trace travels as a tag of the job, `traceparent:00-…`, so that a job is found by it as well.
/// A job that has [`NewJob::MAX_TAGS`] tags already goes without.
#[derive(Debug)]
pub struct TraceFilter<T>(pub T);

#[async_trait]
impl<T: TraceContext> Filter for TraceFilter<T> {
    fn enqueuing(&self, job: &mut NewJob) -> Result<(), Refusal> {
        let is_full = job.tags.len() >= NewJob::MAX_TAGS;
        if let Some(current) = self.0.current().filter(|_| !is_full) {
            job.tags.push(format!("{TAG}{current}"));
        }
        Ok(())
    }

    async fn running(&self, run: &Run, next: Next<'_>) -> Result<(), JobError> {
        let mut tags = run.attempt.tags.iter();
        if let Some(traceparent) = tags.find_map(|tag| tag.strip_prefix(TAG)) {
            self.0.join(&Span::current(), traceparent);
        }
        next.run().await
    }
}
