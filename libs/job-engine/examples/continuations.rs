//! A meal: a batch of courses, what is done when all are cooked, and one waiter at a time.
//! Run with `cargo run -p job-engine --example continuations`.

use std::error::Error;
use std::sync::Arc;

use job_engine::storage::memory::MemoryStorage;
use job_engine::{
    Attempt, Batch, Client, ContinueOn, Job, JobError, NewJob, Registry, Server, Unique,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Something that is done in the kitchen.
#[derive(Serialize, Deserialize)]
struct Step {
    what: String,
}

impl Job for Step {
    const NAME: &'static str = "step";
    type Context = mpsc::Sender<String>;

    async fn run(&self, kitchen: &Self::Context, _attempt: &Attempt) -> Result<(), JobError> {
        kitchen.send(self.what.clone()).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let client = Client::new(storage.clone());

    let batch = Batch::of([step("the soup is cooked")?, step("the roast is cooked")?])
        .then(step("the meal is served")?, ContinueOn::Success)?;
    let meal = batch.jobs[2].id;
    let batch = client.submit_batch(batch).await?;
    let bill = step("the bill is brought")?.continuing([meal], ContinueOn::AnyEnd)?;
    client.submit(bill).await?;

    let waiter = || step("a waiter comes")?.unique(Unique::by("table 7"));
    let first = client.submit(waiter()?).await?;
    let second = client.submit(waiter()?).await?;
    println!("one waiter for two calls: {}", first == second);

    let (kitchen, mut heard) = mpsc::channel(5);
    let registry = Registry::default().with::<Step>();
    let server = Server::new(storage, registry, Arc::new(kitchen))
        .start()
        .await?;
    for _ in 0..5 {
        println!("{}", heard.recv().await.unwrap_or_default());
    }
    server.stop().await;

    let progress = client.batch(batch).await?.ok_or("there is a batch")?;
    println!(
        "{} of {} courses succeeded",
        progress.succeeded, progress.jobs
    );
    Ok(())
}

fn step(what: &str) -> Result<NewJob, job_engine::new_job::NewJobError> {
    NewJob::of(&Step {
        what: what.to_owned(),
    })
}
