//! What the tests of an application do with its jobs. Feature `testing`.
//! Run with `cargo run -p job-engine --features testing --example testing`.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use job_engine::storage::memory::MemoryStorage;
use job_engine::testing::{assert_enqueued, assert_none_enqueued, drain, run_inline};
use job_engine::{Attempt, Client, EnqueueError, Job, JobError, Registry};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Remind {
    guest: String,
}

/// Counts the letters that were sent.
#[derive(Default)]
struct Letters(AtomicU32);

impl Job for Remind {
    const NAME: &'static str = "remind";
    type Context = Letters;

    async fn run(&self, letters: &Letters, _attempt: &Attempt) -> Result<(), JobError> {
        letters.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// What is to be tested: a guest is reminded a day later.
async fn invite(client: &Client, guest: &str) -> Result<(), EnqueueError> {
    let guest = guest.to_owned();
    let day = Duration::from_hours(24);
    client.enqueue_after(&Remind { guest }, day).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let memory = Arc::new(MemoryStorage::new());
    let client = Client::new(memory.clone());
    let storage = client.storage();
    let letters = Arc::new(Letters::default());
    let sent = || letters.0.load(Ordering::Relaxed);

    invite(&client, "Ada").await?;
    assert_enqueued(storage, |job: &Remind| job.guest == "Ada").await;
    println!("Ada is to be reminded");

    let registry = || Registry::default().with::<Remind>();
    drain(storage, registry(), letters.clone()).await;
    println!("today {} letters are sent", sent());

    memory.skip(Duration::from_hours(25));
    drain(storage, registry(), letters.clone()).await;
    assert_none_enqueued::<Remind>(storage).await;
    println!("tomorrow {} is", sent());

    let guest = "Grace".to_owned();
    let ended = run_inline(&Remind { guest }, &letters).await;
    assert!(ended.is_ok());
    println!("{} after a run without any storage", sent());
    Ok(())
}
