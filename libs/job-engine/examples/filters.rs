//! What happens around every job: a correlation id, the time it took, another outcome.
//! Run with `cargo run -p job-engine --example filters`.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use job_engine::filters::{Next, Refusal, Run};
use job_engine::storage::Outcome;
use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Filter, Job, JobError, NewJob, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Opens a shop, or finds it closed.
#[derive(Serialize, Deserialize)]
struct Open {
    has_key: bool,
}

impl Job for Open {
    const NAME: &'static str = "open";
    type Context = ();

    async fn run(&self, (): &(), _attempt: &Attempt) -> Result<(), JobError> {
        if self.has_key {
            return Ok(());
        }
        Err(JobError::retry("no key"))
    }
}

/// Tags each job with the request that made it.
#[derive(Debug)]
struct Correlation {
    request: &'static str,
}

impl Filter for Correlation {
    fn enqueuing(&self, job: &mut NewJob) -> Result<(), Refusal> {
        job.tags.push(format!("request:{}", self.request));
        Ok(())
    }
}

/// Times runs, deletes what fails, and tells when a job is done with.
#[derive(Debug)]
struct Foreman {
    done: mpsc::Sender<String>,
}

#[async_trait]
impl Filter for Foreman {
    async fn running(&self, run: &Run, next: Next<'_>) -> Result<(), JobError> {
        let begun = Instant::now();
        let ended = next.run().await;
        let took: Duration = begun.elapsed();
        println!("{} of {:?} took {took:?}", run.kind, run.attempt.tags);
        ended
    }

    fn electing(&self, _run: &Run, outcome: &mut Outcome) {
        if let Outcome::Retry { error, .. } = outcome {
            *outcome = Outcome::Discarded {
                error: error.clone(),
                reason: "The foreman wants no second try".to_owned(),
            };
        }
    }

    fn applied(&self, run: &Run, outcome: &Outcome) {
        let news = format!("{}: {outcome:?}", run.arguments);
        self.done.try_send(news).expect("two fit");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let client = Client::new(storage.clone()).filter(Correlation { request: "4711" });
    let (done, mut news) = mpsc::channel(2);
    let registry = Registry::default().with::<Open>();
    let server = Server::new(storage, registry, Arc::new(()))
        .filter(Foreman { done })
        .start()
        .await?;

    for has_key in [true, false] {
        client.enqueue(&Open { has_key }).await?;
        println!("{}", news.recv().await.ok_or("the server is gone")?);
    }

    server.stop().await;
    Ok(())
}
