//! Many clients at once: how much memory each takes while it is quiet, whether all are kept alive, and how
//! long they take to come back after all of them were cut off.
//!
//! `cargo run --release -p signalr-hub --example crowd -- [CONNECTIONS] [STORM] [SECONDS]`

mod client;
mod server;

use std::{
    error::Error,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use crate::{client::Client, server::Server};

type Failure = Box<dyn Error + Send + Sync>;

/// Connections that are made at a time while the crowd gathers; in the storm all come at once.
const ARRIVING: usize = 100;
/// No client may take longer to be connected.
const PATIENCE: Duration = Duration::from_mins(1);
/// Files that are open besides the connections.
const OTHER_FILES: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|role| role == server::ROLE) {
        return server::serve().await;
    }
    let number = |at: usize, default: usize| {
        let given = arguments.get(at).map(|text| text.parse());
        given.unwrap_or(Ok(default))
    };
    let (connections, storm) = (number(0, 15_000)?, number(1, 5_000)?);
    let quiet = Duration::from_secs(number(2, 40)?.try_into()?);
    check_open_files(connections.max(storm) + OTHER_FILES)?;

    gather_and_wait(connections, quiet).await?;
    storm_twice(storm).await
}

fn check_open_files(needed: usize) -> Result<(), Failure> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let limit = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|limits| limits.split_whitespace().next())
        .ok_or("the limit of open files is not told")?;
    match limit.parse::<usize>() {
        Ok(limit) if limit < needed => Err(format!(
            "{needed} open files are needed and {limit} allowed: run `ulimit -n {needed}` first, or ask for fewer connections"
        )
        .into()),
        _ => Ok(()),
    }
}

async fn gather_and_wait(connections: usize, quiet: Duration) -> Result<(), Failure> {
    let server = Server::start()?;
    let before = server.resident_kib()?;
    let pings = Arc::new(AtomicUsize::new(0));
    let (start, mut crowd) = (Instant::now(), JoinSet::new());
    for mut client in gather(server.address, connections, ARRIVING).await? {
        let pings = Arc::clone(&pings);
        crowd.spawn(async move { client.live(&pings).await });
    }
    let gathered = start.elapsed();
    let each = |kib: usize| kib.saturating_sub(before) * 1024 / connections;
    let at_first = each(server.resident_kib()?);

    let cpu_before = server.cpu_milliseconds()?;
    let left = timeout(quiet, crowd.join_next()).await;
    let cpu = server.cpu_milliseconds()? - cpu_before;
    if let Ok(Some(ended)) = left {
        return Err(format!("a connection ended: {ended:?}").into());
    }

    println!("{connections} connections in {gathered:.1?}, {before} KiB before the first");
    println!(
        "memory of each: {at_first} B at first, {} B after {quiet:?}",
        each(server.resident_kib()?)
    );
    println!(
        "{} pings in {quiet:?}, {cpu} ms of processor time, none lost",
        pings.load(Ordering::Relaxed)
    );
    Ok(())
}

/// Everyone connects, everyone is cut off, everyone comes back at once.
async fn storm_twice(clients: usize) -> Result<(), Failure> {
    let server = Server::start()?;
    for round in ["for the first time", "again after all were cut off"] {
        let (start, cpu_before) = (Instant::now(), server.cpu_milliseconds()?);
        let crowd = gather(server.address, clients, clients).await?;
        let cpu = server.cpu_milliseconds()? - cpu_before;
        let mut waits: Vec<Duration> = crowd.iter().map(|client| client.waited).collect();
        waits.sort();
        println!(
            "{clients} clients at once {round}: {:.2?}; half within {:.2?}, 99 % within {:.2?}; {} µs of processor time each",
            start.elapsed(),
            waits[clients / 2],
            waits[clients * 99 / 100],
            cpu * 1000 / clients,
        );
    }
    Ok(())
}

async fn gather(
    server: SocketAddr,
    clients: usize,
    at_a_time: usize,
) -> Result<Vec<Client>, Failure> {
    let turns = Arc::new(Semaphore::new(at_a_time));
    let mut arriving = JoinSet::new();
    for _ in 0..clients {
        let turns = Arc::clone(&turns);
        arriving.spawn(async move {
            let _turn = turns.acquire_owned().await?;
            timeout(PATIENCE, Client::connect(server)).await?
        });
    }
    let mut crowd = Vec::with_capacity(clients);
    while let Some(client) = arriving.join_next().await {
        crowd.push(client??);
    }
    Ok(crowd)
}
