//! What a benchmark asks of a job engine, one workload per process: the first argument names it,
//! `N` says how many jobs, `C` how many workers. The answer is one line of JSON.

use std::error::Error;
use std::fs;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use job_engine::storage::SharedStorage;
use job_engine::{Attempt, Client, Job, JobError, NewJob, Registry, Server, ServerOptions};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::crash;
use crate::latencies::{millis, print_latencies};

/// How many tasks enqueue at the same time.
const TASKS: usize = 10;

/// So many jobs are measured by nobody: connections are opened, statements are planned.
const WARM_UP: usize = 20;

/// Jobs of one bulk statement.
const BULK: usize = 5000;

type Outcome = Result<(), Box<dyn Error>>;

/// A job that tells that it runs, and does nothing.
#[derive(Serialize, Deserialize)]
struct Nothing {
    i: usize,
}

struct Observer {
    ran: Box<dyn Fn() + Send + Sync>,
}

impl Job for Nothing {
    const NAME: &'static str = "nothing";
    type Context = Observer;

    async fn run(&self, observer: &Observer, _attempt: &Attempt) -> Result<(), JobError> {
        (observer.ran)();
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark gets its settings from the environment"
)]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether the tables are to be made, and nothing is to be measured.
pub fn is_set_up() -> bool {
    workload().as_deref() == Some("setup")
}

/// Measures what the first argument names.
pub async fn run(storage: SharedStorage) -> Outcome {
    let jobs = number("N", 20_000);
    match workload().as_deref() {
        Some("enqueue") => enqueue(storage, jobs).await,
        Some("bulk") => bulk(storage, jobs).await,
        Some("process") => process(storage, jobs).await,
        Some("latency") => latency(storage, jobs).await,
        Some("worker") => worker(storage).await,
        Some("crash") => crash::measure(storage, jobs).await,
        Some("hold") => crash::hold(storage).await,
        _ => Err("usage: setup|enqueue|bulk|process|latency|worker|crash".into()),
    }
}

/// One job at a time from ten tasks, each durable when it is acknowledged.
async fn enqueue(storage: SharedStorage, jobs: usize) -> Outcome {
    let client = Client::new(storage);
    for i in 0..WARM_UP {
        client.enqueue(&Nothing { i }).await?;
    }

    let next = Arc::new(AtomicUsize::new(0));
    let stopwatch = Stopwatch::start();
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (client, next) = (client.clone(), next.clone());
        tasks.spawn(async move {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= jobs {
                    return;
                }
                client.enqueue(&Nothing { i }).await.expect("it is stored");
            }
        });
    }
    tasks.join_all().await;
    stopwatch.print_rate(jobs);
    Ok(())
}

/// In parts, of which the next one is made while one is stored.
async fn bulk(storage: SharedStorage, jobs: usize) -> Outcome {
    let client = Client::new(storage);
    client.storage().counts().await?;

    let stopwatch = Stopwatch::start();
    let all: Vec<usize> = (0..jobs).collect();
    let mut storing = JoinSet::new();
    for part in all.chunks(BULK) {
        let part: Result<Vec<NewJob>, _> =
            part.iter().map(|&i| NewJob::of(&Nothing { i })).collect();
        let (part, client) = (part?, client.clone());
        while let Some(stored) = storing.join_next().await {
            stored??;
        }
        storing.spawn(async move { client.submit_all(&part).await });
    }
    while let Some(stored) = storing.join_next().await {
        stored??;
    }
    stopwatch.print_rate(jobs);
    Ok(())
}

/// From the first run of a handler until the storage says that nothing is left.
async fn process(storage: SharedStorage, jobs: usize) -> Outcome {
    let first = Arc::new(OnceLock::new());
    let seen = Arc::new(AtomicUsize::new(0));
    let all_ran = Arc::new(Notify::new());
    let ran = {
        let (first, seen, all_ran) = (first.clone(), seen.clone(), all_ran.clone());
        move || {
            let count = seen.fetch_add(1, Ordering::Relaxed) + 1;
            if count == 1 {
                let _ = first.set(Instant::now());
            }
            if count == jobs {
                all_ran.notify_one();
            }
        }
    };

    let stopwatch = Stopwatch::start();
    let server = start(&storage, ran).await?;
    all_ran.notified().await;
    let drains = Instant::now();
    // Counting reads every job, so the storage is asked once nothing should be left.
    while server.tally().succeeded < jobs as u64 {
        sleep(Duration::from_millis(1)).await;
    }
    while left(&storage).await? > 0 {
        sleep(Duration::from_millis(5)).await;
    }
    let end = Instant::now();

    let took = end - *first.get().ok_or("no job ran")?;
    println!(
        r#"{{"jobs":{jobs},"seen":{},"secs":{},"rate":{},"rate_incl_start":{},"drain_ms":{},"client_cpu_us":{}}}"#,
        seen.load(Ordering::Relaxed),
        took.as_secs_f64(),
        per_second(jobs, took),
        per_second(jobs, stopwatch.start.elapsed()),
        millis(end - drains),
        stopwatch.cpu_per_job(jobs),
    );
    Ok(())
}

/// From the call that enqueues to the start of the handler, in one process and with idle workers.
async fn latency(storage: SharedStorage, jobs: usize) -> Outcome {
    let (ran, runs) = mpsc::unbounded_channel();
    let client = Client::new(storage.clone());
    let _server = start(&storage, move || {
        let _ = ran.send(Instant::now());
    })
    .await?;
    sleep(Duration::from_millis(1500)).await;

    // From a task, as the handlers of an application do; this one has a thread of its own.
    let caller = tokio::spawn(call(client, jobs, runs));
    print_latencies(caller.await?.ok_or("the server has ended")?);
    Ok(())
}

async fn call(
    client: Client,
    jobs: usize,
    mut runs: mpsc::UnboundedReceiver<Instant>,
) -> Option<Vec<f64>> {
    let mut latencies = Vec::with_capacity(jobs);
    for i in 0..jobs + WARM_UP {
        let enqueued = Instant::now();
        client.enqueue(&Nothing { i }).await.ok()?;
        let ran = runs.recv().await?;
        if i >= WARM_UP {
            latencies.push(millis(ran.saturating_duration_since(enqueued)));
        }
        // Uneven, so that no poll is always in step.
        sleep(Duration::from_millis(10 + (i as u64 * 7) % 20)).await;
    }
    Some(latencies)
}

/// Says `READY` at its first job and stays.
async fn worker(storage: SharedStorage) -> Outcome {
    let ready = std::sync::Once::new();
    let _server = start(&storage, move || ready.call_once(|| println!("READY"))).await?;
    pending().await
}

async fn start(
    storage: &SharedStorage,
    ran: impl Fn() + Send + Sync + 'static,
) -> Result<job_engine::RunningServer, Box<dyn Error>> {
    let observer = Observer { ran: Box::new(ran) };
    let options = ServerOptions {
        workers: number("C", 20),
        ..ServerOptions::default()
    };
    let registry = Registry::default().with::<Nothing>();
    let server = Server::new(storage.clone(), registry, Arc::new(observer));
    Ok(server.options(options).start().await?)
}

async fn left(storage: &SharedStorage) -> Result<u64, Box<dyn Error>> {
    let counts = storage.counts().await?;
    Ok(counts.enqueued + counts.scheduled + counts.processing)
}

/// Wall time and CPU time of this process.
struct Stopwatch {
    start: Instant,
    cpu: Duration,
}

impl Stopwatch {
    fn start() -> Self {
        Self {
            start: Instant::now(),
            cpu: cpu_time(),
        }
    }

    fn cpu_per_job(&self, jobs: usize) -> f64 {
        1e6 / per_second(jobs, cpu_time().saturating_sub(self.cpu))
    }

    fn print_rate(&self, jobs: usize) {
        let took = self.start.elapsed();
        println!(
            r#"{{"jobs":{jobs},"secs":{},"rate":{},"client_cpu_us":{}}}"#,
            took.as_secs_f64(),
            per_second(jobs, took),
            self.cpu_per_job(jobs),
        );
    }
}

/// Of all threads that live, which are those of the runtime.
fn cpu_time() -> Duration {
    let nanos = |statistics: String| statistics.split(' ').next()?.parse::<u64>().ok();
    let threads = fs::read_dir("/proc/self/task").expect("this is Linux");
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(nanos)
        .map(Duration::from_nanos)
        .sum()
}

fn per_second(jobs: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(jobs).expect("a benchmark has no billions of jobs"))
        / took.as_secs_f64()
}

fn number(name: &str, default: usize) -> usize {
    setting(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn workload() -> Option<String> {
    std::env::args().nth(1)
}
