//! A run that goes on with the trace in which its job was enqueued.
//! Run with `cargo run -p job-engine --example traces`.

use std::error::Error;
use std::sync::Arc;

use job_engine::storage::memory::MemoryStorage;
use job_engine::trace::{TraceContext, TraceFilter};
use job_engine::{Attempt, Client, Job, JobError, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::task_local;
use tracing::Span;

task_local! {
    /// The trace of the request that is served. An application asks OpenTelemetry instead.
    static TRACE: String;
}

/// Both sides of a trace, for the client and for the server.
#[derive(Debug, Clone)]
struct Traces;

impl TraceContext for Traces {
    fn current(&self) -> Option<String> {
        TRACE.try_with(String::clone).ok()
    }

    /// An application sets the span's parent here.
    fn join(&self, _span: &Span, traceparent: &str) {
        println!("a run joins the trace {traceparent}");
    }
}

#[derive(Serialize, Deserialize)]
struct Greet {}

impl Job for Greet {
    const NAME: &'static str = "greet";
    type Context = Notify;

    async fn run(&self, has_run: &Notify, _attempt: &Attempt) -> Result<(), JobError> {
        has_run.notify_one();
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let has_run = Arc::new(Notify::new());
    let client = Client::new(storage.clone()).filter(TraceFilter(Traces));
    let registry = Registry::default().with::<Greet>();
    let server = Server::new(storage, registry, has_run.clone()).filter(TraceFilter(Traces));
    let server = server.start().await?;

    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = async { client.enqueue(&Greet {}).await };
    TRACE.scope(trace.to_owned(), request).await?;

    has_run.notified().await;
    server.stop().await;
    Ok(())
}
