//! What it costs to act on all jobs that match: how quick it is, and how much slower workers are
//! meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use job_engine::storage::{Operation, OperationStatus, SharedStorage};
use job_engine::{
    Attempt, Client, Job, JobError, NewJob, Registry, Retention, Server, ServerOptions,
};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::visitor::Visitor;
use crate::{Outcome, number};

/// Only these workers' jobs are in it.
const QUEUE: &str = "benchmark";

/// How long the workers are watched before and after an operation.
const WATCHED: Duration = Duration::from_secs(5);

/// The backlog that the workers never get to the end of.
const BACKLOG: u64 = 10_000;

/// Jobs of one bulk statement.
const BULK: usize = 500;

/// Jobs per second.
const QUICK_ENOUGH: f64 = 20_000.0;

/// Of the workers' rate.
const SLOWED_AT_MOST: f64 = 0.1;

#[derive(Serialize, Deserialize)]
struct Work {
    millis: u64,
}

/// How many jobs were enqueued and how many have run.
#[derive(Default)]
struct Worked {
    enqueued: AtomicU64,
    run: AtomicU64,
}

impl Job for Work {
    const NAME: &'static str = "benchmark_work";
    const QUEUE: &'static str = QUEUE;
    type Context = Worked;

    async fn run(&self, worked: &Worked, _attempt: &Attempt) -> Result<(), JobError> {
        if self.millis > 0 {
            sleep(Duration::from_millis(self.millis)).await;
        }
        worked.run.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Requeues all failed jobs and deletes them again while twenty workers run jobs of `WORK_MS`
/// milliseconds each. Answers whether both bars were met.
pub async fn act(storage: SharedStorage) -> Outcome<bool> {
    let millis = number("WORK_MS", 5);
    let worked = Arc::new(Worked::default());
    let feeder = feed(storage.clone(), worked.clone(), millis);
    let options = ServerOptions {
        workers: 20,
        queues: vec![QUEUE.to_owned()],
        // What was filled in stays.
        retention: Retention::of(Duration::from_hours(365 * 24)),
        ..ServerOptions::default()
    };
    let server = Server::new(
        storage.clone(),
        Registry::default().with::<Work>(),
        worked.clone(),
    );
    let server = server.options(options).start().await?;
    rate(&worked, WATCHED).await;

    println!("20 workers run jobs of {millis} ms");
    let all = format!("-queue:{QUEUE}");
    let mut is_met = true;
    for (action, words) in [
        ("requeue", "state:failed".to_owned()),
        ("delete", format!("state:enqueued {all}")),
    ] {
        is_met &= measure(&storage, &worked, action, &words).await?;
    }
    feeder.abort();
    server.stop().await;
    Ok(is_met)
}

async fn measure(
    storage: &SharedStorage,
    worked: &Worked,
    action: &str,
    words: &str,
) -> Outcome<bool> {
    let mut visitor = Visitor::of(storage.clone());
    let before = rate(worked, WATCHED).await;

    let run_before = worked.run.load(Ordering::Relaxed);
    let start = Instant::now();
    let operation = begin(&mut visitor, storage, action, words).await?;
    let over = ended(storage, &operation).await?;
    let took = start.elapsed();
    let meanwhile = per_second(worked.run.load(Ordering::Relaxed) - run_before, took);
    let after = rate(worked, WATCHED).await;

    let speed = per_second(over.done, took);
    let undisturbed = f64::midpoint(before, after);
    let slowed = 1.0 - meanwhile / undisturbed;
    println!(
        "{action} {} jobs: {speed:.0}/s in {:.1} s (bar {QUICK_ENOUGH:.0}/s); workers {before:.0}/s before, \
         {meanwhile:.0}/s meanwhile, {after:.0}/s after: {:.0} % slower (bar {:.0} %)",
        over.done,
        took.as_secs_f64(),
        slowed * 100.0,
        SLOWED_AT_MOST * 100.0,
    );
    Ok(speed >= QUICK_ENOUGH && slowed <= SLOWED_AT_MOST)
}

/// As a person does it, from the question to the answer.
async fn begin(
    visitor: &mut Visitor,
    storage: &SharedStorage,
    action: &str,
    words: &str,
) -> Outcome<Operation> {
    let ask = format!(
        "/operations/new?action={action}&q={}",
        crate::visitor::encode(words)
    );
    let page = visitor.get(&ask).await?.text;
    let total = crate::visitor::between(&page, r#"name="total" value=""#, "\"").ok_or("no jobs")?;
    let fields = [
        ("action", action),
        ("q", words),
        ("total", total),
        ("number", total),
        ("reason", "to see how long it takes"),
    ];
    visitor.submit(&page, "/operations", &fields).await?;
    let newest = storage.operations(1).await?;
    newest.into_iter().next().ok_or("it did not begin".into())
}

async fn ended(storage: &SharedStorage, operation: &Operation) -> Outcome<Operation> {
    loop {
        let now = storage.operation(operation.id).await?.ok_or("it is gone")?;
        if now.status != OperationStatus::Running {
            return Ok(now);
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Enqueues what the workers run.
fn feed(storage: SharedStorage, worked: Arc<Worked>, millis: u64) -> JoinHandle<()> {
    tokio::spawn(async move {
        let client = Client::new(storage);
        loop {
            let enqueued = worked.enqueued.load(Ordering::Relaxed);
            if enqueued - worked.run.load(Ordering::Relaxed).min(enqueued) > BACKLOG {
                sleep(Duration::from_millis(5)).await;
                continue;
            }
            let jobs: Result<Vec<NewJob>, _> =
                (0..BULK).map(|_| NewJob::of(&Work { millis })).collect();
            let jobs = jobs.expect("they are JSON");
            client.submit_all(&jobs).await.expect("they are stored");
            worked.enqueued.fetch_add(BULK as u64, Ordering::Relaxed);
        }
    })
}

/// How many jobs run in a second.
async fn rate(worked: &Worked, time: Duration) -> f64 {
    let before = worked.run.load(Ordering::Relaxed);
    let start = Instant::now();
    sleep(time).await;
    per_second(worked.run.load(Ordering::Relaxed) - before, start.elapsed())
}

fn per_second(jobs: u64, time: Duration) -> f64 {
    f64::from(u32::try_from(jobs).expect("a benchmark has no billions of jobs"))
        / time.as_secs_f64()
}
