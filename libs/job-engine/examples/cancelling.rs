//! A job that is deleted while it runs stops of its own accord.
//! Run with `cargo run -p job-engine --example cancelling`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Job, JobError, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// Draws a picture, tile by tile.
#[derive(Serialize, Deserialize)]
struct Draw {
    tiles: u32,
}

impl Job for Draw {
    const NAME: &'static str = "draw";
    type Context = Studio;

    async fn run(&self, studio: &Studio, attempt: &Attempt) -> Result<(), JobError> {
        for tile in 1..=self.tiles {
            tokio::select! {
                () = draw(tile) => studio.drawn.notify_one(),
                () = attempt.cancelled.cancelled() => {
                    println!("told to stop at tile {tile}: the brush is put away");
                    studio.tidied.notify_one();
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Studio {
    drawn: Notify,
    tidied: Notify,
}

async fn draw(tile: u32) {
    sleep(Duration::from_millis(50)).await;
    println!("tile {tile} is drawn");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let studio = Arc::new(Studio::default());
    let registry = Registry::default().with::<Draw>();
    let server = Server::new(storage.clone(), registry, studio.clone());
    let server = server.start().await?;

    let client = Client::new(storage);
    let id = client.enqueue(&Draw { tiles: 1000 }).await?;
    studio.drawn.notified().await;

    let asked = Instant::now();
    client.delete(id, "Nobody wants it any more").await?;
    studio.tidied.notified().await;
    println!("it took {:?}", asked.elapsed());
    server.stop().await;
    Ok(())
}
