//! How long a job waits to be run again when the process that runs it is killed: `N` times, a child
//! takes a job, a server here watches, the child gets a SIGKILL.

use std::error::Error;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use job_engine::storage::SharedStorage;
use job_engine::{Attempt, Client, Job, JobError, Registry, Server};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::latencies::{millis, print_latencies};

type Outcome = Result<(), Box<dyn Error>>;

/// Never ends in the process that runs it first, and at once in the next one.
#[derive(Serialize, Deserialize)]
struct Held;

impl Job for Held {
    const NAME: &'static str = "held";
    type Context = mpsc::UnboundedSender<Instant>;

    async fn run(
        &self,
        ran: &mpsc::UnboundedSender<Instant>,
        attempt: &Attempt,
    ) -> Result<(), JobError> {
        if attempt.lease.epoch == 1 {
            println!("HOLDS");
            std::future::pending::<()>().await;
        }
        let _ = ran.send(Instant::now());
        Ok(())
    }
}

pub async fn measure(storage: SharedStorage, rounds: usize) -> Outcome {
    let client = Client::new(storage.clone());
    let mut latencies = Vec::with_capacity(rounds);
    for round in 0..rounds {
        client.enqueue(&Held).await?;
        let mut child = child_that_holds().await?;
        let (ran, mut runs) = mpsc::unbounded_channel();
        let server = server(&storage, ran).start().await?;
        // Until the servers watch each other, and then at any moment of their watch.
        sleep(Duration::from_millis(1200 + (round as u64 * 7) % 50)).await;

        let killed = Instant::now();
        child.start_kill()?;
        let again = runs.recv().await.ok_or("the server has ended")?;
        latencies.push(millis(again - killed));
        child.wait().await?;
        server.stop().await;
    }
    print_latencies(latencies);
    Ok(())
}

/// The child's part: takes the job and keeps it.
pub async fn hold(storage: SharedStorage) -> Outcome {
    let (ran, _) = mpsc::unbounded_channel();
    let _server = server(&storage, ran).start().await?;
    std::future::pending().await
}

fn server(
    storage: &SharedStorage,
    ran: mpsc::UnboundedSender<Instant>,
) -> Server<mpsc::UnboundedSender<Instant>> {
    let registry = Registry::default().with::<Held>();
    Server::new(storage.clone(), registry, Arc::new(ran))
}

async fn child_that_holds() -> Result<Child, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("hold")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().ok_or("its output is piped")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if line == "HOLDS" {
            return Ok(child);
        }
    }
    Err("the child has ended".into())
}
