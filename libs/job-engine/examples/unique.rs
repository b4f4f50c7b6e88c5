//! A job of which there is one at a time, however often it is asked for.
//! Run with `cargo run -p job-engine --example unique`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Job, JobError, NewJob, Registry, Server, Unique};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Reads the orders of a shop.
#[derive(Serialize, Deserialize)]
struct ImportOrders {
    shop: u32,
}

impl Job for ImportOrders {
    const NAME: &'static str = "import_orders";
    type Context = Notify;

    async fn run(&self, has_run: &Notify, attempt: &Attempt) -> Result<(), JobError> {
        println!("shop {} is imported by {}", self.shop, attempt.job_id());
        has_run.notify_one();
        Ok(())
    }
}

/// Held until the job has ended, and for ten minutes at least.
fn import(shop: u32) -> Result<NewJob, Box<dyn Error>> {
    let key = Unique::by(shop.to_string()).within(Duration::from_mins(10));
    Ok(NewJob::of(&ImportOrders { shop })?.unique(key)?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let client = Client::new(storage.clone());

    let first = client.submit(import(17)?).await?;
    let second = client.submit(import(17)?).await?;
    assert_eq!(first, second);
    println!("asked twice, enqueued once: {first}");

    let has_run = Arc::new(Notify::new());
    let registry = Registry::default().with::<ImportOrders>();
    let server = Server::new(storage, registry, has_run.clone());
    let server = server.start().await?;
    has_run.notified().await;
    server.stop().await;

    assert_eq!(client.submit(import(17)?).await?, first);
    println!("it has run, and ten minutes are not over: nothing is enqueued");
    Ok(())
}
