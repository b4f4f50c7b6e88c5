//! A kind of jobs that says how long a run may take, how often to try again, and after which errors.
//! Run with `cargo run -p job-engine --example retry_policy`.

use std::error::Error;
use std::num::ParseIntError;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::memory::MemoryStorage;
use job_engine::{
    Attempt, Client, Failure, Job, JobError, Registry, Retried, RetryPolicy, Server, WhenExceeded,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Reads a number from a slow machine.
#[derive(Serialize, Deserialize)]
struct Measure {
    answers: String,
    after_millis: u64,
}

impl Job for Measure {
    const NAME: &'static str = "measure";
    type Context = mpsc::Sender<String>;

    fn timeout() -> Option<Duration> {
        Some(Duration::from_millis(300))
    }

    fn retry_policy() -> Option<RetryPolicy> {
        Some(RetryPolicy {
            retries: 2,
            delays: vec![Duration::from_millis(50), Duration::from_millis(100)].into(),
            jitter: 0.1,
            // What is no number now is none at the next attempt.
            retried: Retried::except::<ParseIntError>(),
            when_exceeded: WhenExceeded::Delete,
            ..RetryPolicy::default()
        })
    }

    async fn run(&self, _ended: &Self::Context, attempt: &Attempt) -> Result<(), JobError> {
        println!(
            "{}: attempt {} of {}",
            self.answers, attempt.number, attempt.max
        );
        sleep(Duration::from_millis(self.after_millis)).await;
        let _number: u32 = self.answers.parse()?;
        Ok(())
    }

    async fn given_up(&self, ended: &Self::Context, failure: &Failure) -> Result<(), JobError> {
        let said = format!("{}: given up, {}", self.answers, failure.message);
        ended.send(said).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let client = Client::new(storage.clone());
    for (answers, after_millis) in [("17 apples", 0), ("42", 10_000)] {
        let answers = answers.to_owned();
        let job = Measure {
            answers,
            after_millis,
        };
        client.enqueue(&job).await?;
    }

    let (ended, mut given_up) = mpsc::channel(2);
    let registry = Registry::default().with::<Measure>();
    let server = Server::new(storage, registry, Arc::new(ended))
        .start()
        .await?;
    for _ in 0..2 {
        println!("{}", given_up.recv().await.ok_or("nothing was given up")?);
    }
    server.stop().await;
    Ok(())
}
