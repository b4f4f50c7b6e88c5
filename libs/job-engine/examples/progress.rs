//! A job that says how far it is, and somebody who watches.
//! Run with `cargo run -p job-engine --example progress`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::Monitor;
use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Job, JobError, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

/// Paints a fence, slat by slat.
#[derive(Serialize, Deserialize)]
struct Paint {
    slats: u64,
}

impl Job for Paint {
    const NAME: &'static str = "paint";
    type Context = ();

    async fn run(&self, (): &(), attempt: &Attempt) -> Result<(), JobError> {
        for slat in 1..=self.slats {
            sleep(Duration::from_millis(60)).await;
            if slat % 4 == 0 {
                attempt.log(format_args!("{slat} slats are white"));
            }
            attempt.progress(slat, self.slats);
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let registry = Registry::default().with::<Paint>();
    let server = Server::new(storage.clone(), registry, Arc::new(()))
        .start()
        .await?;
    let id = Client::new(storage.clone())
        .enqueue(&Paint { slats: 20 })
        .await?;

    let mut last = 0;
    loop {
        for line in storage.log(id, last, 100).await? {
            println!("{:.0}  {}", line.at, line.text);
            last = line.number;
        }
        let progress = storage.progress(id).await?;
        if let Some(progress) = progress {
            println!("{} of {}", progress.done, progress.total);
        }
        if progress.is_some_and(|progress| progress.done == progress.total) {
            break;
        }
        sleep(Duration::from_millis(200)).await;
    }
    server.stop().await;
    Ok(())
}
