//! A job from end to end. Run with `cargo run -p job-engine --example hello`.

use std::error::Error;
use std::sync::Arc;

use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Job, JobError, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Greets somebody.
#[derive(Serialize, Deserialize)]
struct Greet {
    name: String,
}

impl Job for Greet {
    const NAME: &'static str = "greet";
    type Context = Hall;

    async fn run(&self, hall: &Hall, attempt: &Attempt) -> Result<(), JobError> {
        let greeting = format!("Hello {}! (job {})", self.name, attempt.job_id());
        hall.greetings.send(greeting).await?;
        Ok(())
    }
}

/// What the jobs of this program can reach.
struct Hall {
    greetings: mpsc::Sender<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let (greetings, mut heard) = mpsc::channel(3);
    let registry = Registry::default().with::<Greet>();
    let server = Server::new(storage.clone(), registry, Arc::new(Hall { greetings }))
        .start()
        .await?;

    let client = Client::new(storage);
    let guests = ["Ada", "Grace", "Edsger"];
    for name in guests.map(str::to_owned) {
        client.enqueue(&Greet { name }).await?;
    }

    for _ in guests {
        println!("{}", heard.recv().await.unwrap_or_default());
    }
    server.stop().await;
    Ok(())
}
