//! Jobs that were given up, found by what they have in common and run again together.
//! Run with `cargo run -p job-engine --example redrive`.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{JobQuery, Monitor, Operations};
use job_engine::{Attempt, Client, Job, JobError, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

#[derive(Serialize, Deserialize)]
struct Deliver {
    parcel: u32,
}

struct Road {
    is_open: AtomicBool,
}

impl Job for Deliver {
    const NAME: &'static str = "deliver";
    type Context = Road;

    async fn run(&self, road: &Road, _attempt: &Attempt) -> Result<(), JobError> {
        if !road.is_open.load(Ordering::Relaxed) {
            return Err(JobError::fail("the road is closed"));
        }
        println!("parcel {} is delivered", self.parcel);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let client = Client::new(storage.clone());
    let road = Arc::new(Road {
        is_open: AtomicBool::new(false),
    });
    let registry = Registry::default().with::<Deliver>();
    let server = Server::new(storage.clone(), registry, road.clone());
    let server = server.start().await?;

    for parcel in 1..=5 {
        client.enqueue(&Deliver { parcel }).await?;
    }
    while storage.counts().await?.failed < 5 {
        sleep(Duration::from_millis(10)).await;
    }
    println!("5 jobs rest in the dead letter queue");

    road.is_open.store(true, Ordering::Relaxed);
    let deliveries = JobQuery {
        kind: Some(Deliver::NAME.to_owned()),
        ..JobQuery::default()
    };
    let id = client
        .redrive(deliveries, "Grace", "The road is open")
        .await?;
    while storage.counts().await?.succeeded < 5 {
        sleep(Duration::from_millis(10)).await;
    }
    let operation = storage.operation(id).await?.ok_or("it is gone")?;
    println!("{} jobs were run again", operation.done);
    server.stop().await;
    Ok(())
}
