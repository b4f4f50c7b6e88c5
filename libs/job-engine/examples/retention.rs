//! Finished jobs that are kept for a while: as long as the server says, or their kind.
//! Run with `cargo run -p job-engine --example retention`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::Monitor;
use job_engine::storage::memory::MemoryStorage;
use job_engine::testing::drain_with;
use job_engine::{Attempt, Client, Job, JobError, Registry, Retention, ServerOptions};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Ping {}

/// Somebody may ask for months what it did.
#[derive(Serialize, Deserialize)]
struct SendInvoice {}

impl Job for Ping {
    const NAME: &'static str = "ping";
    type Context = ();

    async fn run(&self, (): &(), _attempt: &Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

impl Job for SendInvoice {
    const NAME: &'static str = "send_invoice";
    type Context = ();

    fn retention() -> Option<Retention> {
        Some(Retention::of(Duration::from_hours(24 * 90)))
    }

    async fn run(&self, (): &(), _attempt: &Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let memory = Arc::new(MemoryStorage::new());
    let client = Client::new(memory.clone());
    client.enqueue(&Ping {}).await?;
    client.enqueue(&SendInvoice {}).await?;

    let options = ServerOptions {
        retention: Retention {
            succeeded: Duration::from_hours(1),
            deleted: Duration::from_hours(24),
        },
        ..ServerOptions::default()
    };
    let registry = || Registry::default().with::<Ping>().with::<SendInvoice>();
    let storage = client.storage();
    drain_with(storage, registry(), Arc::new(()), options.clone()).await;
    println!("{} jobs have succeeded", memory.counts().await?.succeeded);

    memory.skip(Duration::from_hours(2));
    let removed = storage.remove_expired(options.retention, 1000).await?;
    println!("two hours later {removed} is removed");
    println!("{} is kept", memory.counts().await?.succeeded);
    Ok(())
}
