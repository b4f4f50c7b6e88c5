use std::fmt;

use async_trait::async_trait;
use tracing::Span;

use crate::filters::{Filter, Next, Refusal, Run};
use crate::job::JobError;
use crate::new_job::NewJob;

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
/// The trace is kept as [`NewJob::trace`]. One that a job has already is left as it is, and one that
/// takes more than [`NewJob::MAX_NAME_BYTES`] is no `traceparent` and is left out.
#[derive(Debug)]
pub struct TraceFilter<T>(pub T);

#[async_trait]
impl<T: TraceContext> Filter for TraceFilter<T> {
    fn enqueuing(&self, job: &mut NewJob) -> Result<(), Refusal> {
        if job.trace.is_none() {
            let fits = |trace: &String| trace.len() <= NewJob::MAX_NAME_BYTES;
            job.trace = self.0.current().filter(fits);
        }
        Ok(())
    }

    async fn running(&self, run: &Run, next: Next<'_>) -> Result<(), JobError> {
        if let Some(traceparent) = &run.attempt.trace {
            self.0.join(&Span::current(), traceparent);
        }
        next.run().await
    }
}

/// The trace's id, by which tools know it: the second part of a `traceparent`.
pub fn trace_id(traceparent: &str) -> Option<&str> {
    traceparent.split('-').nth(1)
}
