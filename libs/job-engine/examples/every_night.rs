//! A job that comes again and again, what its schedule says, and what is known of its runs.
//! Run with `cargo run -p job-engine --example every_night`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use job_engine::recurring::{Overlap, RecurringJob, Schedule};
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{RecurringStorage, RunCause};
use job_engine::{Attempt, Client, Job, JobError, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Sweeps the yard.
#[derive(Serialize, Deserialize)]
struct Sweep;

impl Job for Sweep {
    const NAME: &'static str = "sweep";
    type Context = mpsc::Sender<()>;

    async fn run(&self, done: &Self::Context, attempt: &Attempt) -> Result<(), JobError> {
        match attempt.occurrence() {
            Some(at) => println!("swept for {at}"),
            None => println!("swept because somebody asked"),
        }
        Ok(done.send(()).await?)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let (done, mut sweeps) = mpsc::channel(10);
    let registry = Registry::default().with::<Sweep>();
    let server = Server::new(storage.clone(), registry, Arc::new(done));
    let server = server.start().await?;
    let recurring = Client::new(storage.clone()).recurring();

    let nightly = Schedule::cron("30 2 * * *")?.in_time_zone("Europe/Berlin")?;
    println!("{} in {}, next:", nightly.in_words(), nightly.time_zone());
    for night in nightly.upcoming(Timestamp::now()).take(3) {
        println!("  {}", night.in_tz(nightly.time_zone())?);
    }
    let job = RecurringJob::new("sweep-the-yard", &Sweep, nightly)?.overlap(Overlap::Skip);
    recurring.add_or_update(&job).await?;

    // Nobody wants to wait for the night, so somebody asks for a run, and then changes the schedule.
    recurring
        .run_now("sweep-the-yard", "The guests come early")
        .await?;
    sweeps.recv().await;
    let each_second = Schedule::every(Duration::from_secs(1))?;
    recurring.reschedule("sweep-the-yard", &each_second).await?;
    for _ in 0..2 {
        sweeps.recv().await;
    }
    recurring
        .pause("sweep-the-yard", "The yard is clean")
        .await?;

    for run in storage.recurring_runs("sweep-the-yard", None, 10).await? {
        let why = match run.cause {
            RunCause::RunNow => run.note.as_deref().unwrap_or("asked for"),
            _ => "due",
        };
        println!(
            "run {}: {why}, {} ms late",
            run.number,
            run.drift().as_millis()
        );
    }
    server.stop().await;
    Ok(())
}
