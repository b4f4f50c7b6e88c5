//! A process that runs jobs, and is made to suffer for it.

use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use jiff::SignedDuration;
use job_engine::storage::SharedStorage;
use job_engine::{Client, Registry, RunningServer, Server, ServerOptions};
use job_engine_sqlite::testing::set_clock;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::crew::Word;
use crate::crowd;
use crate::entry::{Effects, Entry, Hand};
use crate::limits;
use crate::place::Place;
use crate::planted::Planted;
use crate::settings::Order;
use crate::trap;

/// What the process says once it works.
pub(crate) const WORKS: &str = "the worker works";

/// How to start it.
pub(crate) const TEST: [&str; 4] = ["worker::worker", "--exact", "--ignored", "--nocapture"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the stories start it as a process of its own"]
async fn worker() {
    let order = Order::of_the_environment();
    let mut told_to_end = signal(SignalKind::terminate()).expect("signals are heard");
    let calm = CancellationToken::new();
    trap::open();
    listen(&order, calm.clone());
    let server = start(&order, calm).await;
    println!("{WORKS}");

    told_to_end.recv().await;
    server.stop().await;
}

/// On a thread of its own, which need not end before the process does.
fn listen(order: &Order, calm: CancellationToken) {
    let set_clock = |ahead| set_clock(SignedDuration::from_secs(ahead));
    set_clock(order.clock);
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            match Word::heard(&line) {
                Word::Clock(ahead) => set_clock(ahead),
                Word::Calm => calm.cancel(),
                Word::Trap(point) => trap::set(point),
            }
        }
    });
}

/// Tries on while the database is away.
async fn start(order: &Order, calm: CancellationToken) -> RunningServer {
    let place = Place::at(&order.place);
    let effects = Effects::open(&order.effects, order.planted);
    loop {
        let storage = if order.crowded {
            crowd::storage(&place, &calm).await
        } else {
            place.storage().await
        };
        if let Ok(storage) = storage {
            let registry = Registry::default().with::<Entry>();
            let hand = Hand {
                effects: effects.clone(),
                client: Client::new(storage.clone()),
            };
            let server = Server::new(storage, registry, Arc::new(hand));
            if let Ok(running) = server.options(options(order.planted)).start().await {
                return running;
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
}

fn options(planted: Planted) -> ServerOptions {
    let poll_interval = match planted {
        Planted::LosesWakeUps => Duration::from_hours(1),
        _ => Duration::from_millis(500),
    };
    ServerOptions {
        workers: 8,
        queues: limits::QUEUES.map(str::to_owned).to_vec(),
        poll_interval,
        heartbeat_interval: Duration::from_millis(500),
        server_timeout: Duration::from_secs(4),
        grace: Duration::from_secs(1),
        // Whoever is killed all the time is not to blame.
        max_abandoned: 1000,
        ..ServerOptions::default()
    }
}

/// The storage of who is not a worker.
pub(crate) async fn storage(place: &Place) -> SharedStorage {
    loop {
        match place.storage().await {
            Ok(storage) => return storage,
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}
