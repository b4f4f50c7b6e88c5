//! How many jobs per second the storage takes and gives back, without a handler.
//!
//! `cargo run --release -p job-engine-postgres --example postgres_throughput -- postgres://localhost/empty`

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use job_engine::storage::{Claim, ClaimedJob, Outcome, ServerAnnouncement, ServerId, Settlement};
use job_engine::{NewJob, Storage};
use job_engine_postgres::PostgresStorage;
use tokio::task::JoinSet;

const TASKS: usize = 10;
const SINGLE_JOBS: usize = 20_000;
const BULK_JOBS: usize = 100_000;
const BULK: usize = 1000;
const BATCH: usize = 500;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let url = std::env::args()
        .nth(1)
        .ok_or("usage: throughput postgres://HOST/DATABASE")?;
    let storage = Arc::new(PostgresStorage::connect(&url).await?);
    storage.migrate().await?;

    let took = enqueue(&storage, TASKS, SINGLE_JOBS, 1).await?;
    print("enqueue, one at a time from 10 tasks", SINGLE_JOBS, took);
    let took = enqueue(&storage, 2, BULK_JOBS, BULK).await?;
    print("enqueue, 1000 at a time from 2 tasks", BULK_JOBS, took);
    let took = work(&storage, 2).await?;
    print(
        "claim and settle, 500 at a time from 2 tasks",
        SINGLE_JOBS + BULK_JOBS,
        took,
    );
    Ok(())
}

async fn enqueue(
    storage: &Arc<PostgresStorage>,
    tasks: usize,
    jobs: usize,
    at_a_time: usize,
) -> Result<Duration, Failure> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let storage = Arc::clone(storage);
        running.spawn(async move {
            for _ in 0..jobs / tasks / at_a_time {
                let batch: Vec<NewJob> = std::iter::repeat_with(job).take(at_a_time).collect();
                storage.enqueue(&batch).await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(start.elapsed())
}

async fn work(storage: &Arc<PostgresStorage>, tasks: usize) -> Result<Duration, Failure> {
    let server = ServerId::random();
    storage
        .announce(&ServerAnnouncement {
            id: server,
            name: "throughput".to_owned(),
            queues: vec!["default".to_owned()],
            kinds: Vec::new(),
            workers: tasks,
        })
        .await?;

    let start = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        running.spawn(claim_and_settle(Arc::clone(storage), server));
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    let took = start.elapsed();
    storage.retire(server).await?;
    Ok(took)
}

async fn claim_and_settle(storage: Arc<PostgresStorage>, server: ServerId) -> Result<(), Failure> {
    let claim = Claim {
        server,
        queues: vec!["default".to_owned()],
        kinds: vec!["nothing".into()],
        limit: BATCH,
    };
    loop {
        let claimed = storage.claim(&claim).await?.jobs;
        if claimed.is_empty() {
            return Ok(());
        }
        let settlements: Vec<Settlement> = claimed.iter().map(succeeded).collect();
        storage.settle(&settlements).await?;
    }
}

fn job() -> NewJob {
    NewJob::of_kind("nothing", r#"{"number":1}"#)
}

fn succeeded(job: &ClaimedJob) -> Settlement {
    let outcome = Outcome::Succeeded {
        duration: Duration::from_micros(1),
        result: None,
    };
    Settlement::new(job.lease, outcome)
}

fn print(what: &str, jobs: usize, took: Duration) {
    let per_second = f64::from(u32::try_from(jobs).unwrap_or(u32::MAX)) / took.as_secs_f64();
    println!("{what}: {per_second:.0} jobs/s");
}
