//! A job that fails, is tried again, is given up, and is run once more by a person.
//! Run with `cargo run -p job-engine --example giving_up`.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use job_engine::storage::Monitor;
use job_engine::storage::memory::MemoryStorage;
use job_engine::{
    Attempt, Client, Failure, Job, JobError, JobId, Registry, RetryPolicy, Server, ServerOptions,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Calls somebody.
#[derive(Serialize, Deserialize)]
struct Call {
    name: String,
}

impl Job for Call {
    const NAME: &'static str = "call";
    type Context = Telephone;

    async fn run(&self, telephone: &Telephone, attempt: &Attempt) -> Result<(), JobError> {
        println!("attempt {} of {}", attempt.number, attempt.max);
        if !telephone.is_plugged_in.load(Ordering::Relaxed) {
            return Err(JobError::retry("no line"));
        }
        println!("{} answers", self.name);
        telephone.ended.notify_one();
        Ok(())
    }

    async fn given_up(&self, telephone: &Telephone, failure: &Failure) -> Result<(), JobError> {
        println!("{} cannot be reached: {}", self.name, failure.message);
        telephone.ended.notify_one();
        Ok(())
    }
}

#[derive(Default)]
struct Telephone {
    is_plugged_in: AtomicBool,
    ended: Notify,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let telephone = Arc::new(Telephone::default());
    let client = Client::new(storage.clone());
    let options = ServerOptions {
        retry: RetryPolicy {
            retries: 2,
            delays: vec![Duration::from_millis(200)].into(),
            ..RetryPolicy::default()
        },
        ..ServerOptions::default()
    };
    let start = || {
        let registry = Registry::default().with::<Call>();
        Server::new(storage.clone(), registry, telephone.clone())
            .options(options.clone())
            .start()
    };

    let name = "Grace".to_owned();
    let id = client.enqueue(&Call { name }).await?;
    let server = start().await?;
    telephone.ended.notified().await;
    server.stop().await;

    telephone.is_plugged_in.store(true, Ordering::Relaxed);
    client.requeue(id, "Requeued after plugging it in").await?;
    let server = start().await?;
    telephone.ended.notified().await;
    server.stop().await;

    print_history(&storage, id).await
}

async fn print_history(storage: &MemoryStorage, id: JobId) -> Result<(), Box<dyn Error>> {
    let job = storage.job(id).await?.ok_or("the job is gone")?;
    for entry in job.history {
        let error = entry.error.map(|error| error.message);
        let why = entry.reason.or(error).unwrap_or_default();
        println!("{:<10} {why}", entry.state);
    }
    Ok(())
}
