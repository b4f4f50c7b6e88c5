//! One export at a time for each customer, a flood that delays nobody, and a queue that is paused.
//! Run with `cargo run -p job-engine --example limits`.

use std::error::Error;
use std::sync::Arc;

use job_engine::storage::Limit;
use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Job, JobError, NewJob, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Exports what a customer asked for.
#[derive(Serialize, Deserialize)]
struct Export {
    customer: String,
    number: usize,
}

impl Job for Export {
    const NAME: &'static str = "export";
    const QUEUE: &'static str = "exports";
    type Context = mpsc::Sender<String>;

    async fn run(&self, done: &Self::Context, _attempt: &Attempt) -> Result<(), JobError> {
        tokio::task::yield_now().await;
        done.send(format!("{} {}", self.customer, self.number))
            .await?;
        Ok(())
    }

    fn limit_key(&self) -> Option<String> {
        Some(format!("exports/{}", self.customer))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let client = Client::new(storage.clone());
    client.queues().limit("exports", Limit::at_once(3)).await?;
    client.keys().limit("exports", Limit::at_once(1)).await?;
    client
        .queues()
        .pause("exports", "ada", "Wait until all have asked")
        .await?;

    let flood: Vec<NewJob> = (1..=8)
        .map(|number| export("acme", number))
        .collect::<Result<_, _>>()?;
    client.submit_all(&flood).await?;
    client.submit(export("beta", 1)?).await?;

    let (done, mut exports) = mpsc::channel(9);
    let options = job_engine::ServerOptions {
        queues: vec!["exports".to_owned()],
        ..job_engine::ServerOptions::default()
    };
    let registry = Registry::default().with::<Export>();
    let server = Server::new(storage, registry, Arc::new(done))
        .options(options)
        .start()
        .await?;
    client.queues().resume("exports").await?;

    for _ in 0..9 {
        let export = exports.recv().await.ok_or("the server ended")?;
        println!("exported {export}");
    }
    server.stop().await;
    Ok(())
}

fn export(customer: &str, number: usize) -> Result<NewJob, Box<dyn Error>> {
    let export = Export {
        customer: customer.to_owned(),
        number,
    };
    Ok(NewJob::of(&export)?.for_tenant(customer)?)
}
