//! Jobs that wait: for a while, for a time, or because they ask to.
//! Run with `cargo run -p job-engine --example later`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Job, JobError, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::Instant;

const TEA_TAKES: Duration = Duration::from_secs(3);

/// Rings the bell.
#[derive(Serialize, Deserialize)]
struct Ring {
    why: String,
}

impl Job for Ring {
    const NAME: &'static str = "ring";
    type Context = Kitchen;

    async fn run(&self, kitchen: &Kitchen, _attempt: &Attempt) -> Result<(), JobError> {
        let seconds = kitchen.opened.elapsed().as_secs_f64();
        if self.why == "tea" && kitchen.opened.elapsed() < TEA_TAKES {
            println!("{seconds:.1} s: the tea still draws, I come back");
            return Err(JobError::snooze(Duration::from_secs(1)));
        }

        println!("{seconds:.1} s: {} is ready!", self.why);
        kitchen.bell.send(()).await?;
        Ok(())
    }
}

struct Kitchen {
    opened: Instant,
    bell: mpsc::Sender<()>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let (bell, mut rings) = mpsc::channel(3);
    let kitchen = Kitchen {
        opened: Instant::now(),
        bell,
    };
    let registry = Registry::default().with::<Ring>();
    let server = Server::new(storage.clone(), registry, Arc::new(kitchen))
        .start()
        .await?;

    let client = Client::new(storage);
    let ring = |why: &str| Ring {
        why: why.to_owned(),
    };
    let toast_at = Timestamp::now() + Duration::from_secs(1);
    client.enqueue_at(&ring("toast"), toast_at).await?;
    client
        .enqueue_after(&ring("egg"), Duration::from_secs(2))
        .await?;
    client.enqueue(&ring("tea")).await?;

    for _ in 0..3 {
        rings.recv().await;
    }
    server.stop().await;
    Ok(())
}
