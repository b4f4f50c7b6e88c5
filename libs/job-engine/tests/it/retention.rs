use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::Storage;
use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Job, JobError, Registry, Retention, Server, ServerOptions};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

#[derive(Serialize, Deserialize)]
struct Ping {}

/// Kept for longer than the server's options say.
#[derive(Serialize, Deserialize)]
struct Invoice {}

impl Job for Ping {
    const NAME: &'static str = "ping";
    type Context = ();

    async fn run(&self, (): &(), _attempt: &Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

impl Job for Invoice {
    const NAME: &'static str = "invoice";
    type Context = ();

    async fn run(&self, (): &(), _attempt: &Attempt) -> Result<(), JobError> {
        Ok(())
    }

    fn retention() -> Option<Retention> {
        Some(Retention::of(Duration::from_hours(24 * 30)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_is_kept_as_long_as_it_says_also_by_servers_that_do_not_know_it() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let client = Client::new(storage.clone());
    let invoicing = server(&storage, Registry::default().with::<Invoice>()).await;
    let invoice = client.enqueue(&Invoice {}).await.expect("it is enqueued");
    let is_done = || async { storage.counts().await.expect("it counts").succeeded == 1 };
    while !is_done().await {
        sleep(Duration::from_secs(1)).await;
    }
    invoicing.stop().await;

    let pinging = server(&storage, Registry::default().with::<Ping>()).await;
    let ping = client.enqueue(&Ping {}).await.expect("it is enqueued");
    let is_stored = |id| {
        let storage = storage.clone();
        async move { storage.job(id).await.expect("it can be read").is_some() }
    };
    while is_stored(ping).await {
        sleep(Duration::from_mins(1)).await;
    }

    assert!(is_stored(invoice).await);
    pinging.stop().await;
}

async fn server(storage: &Arc<dyn Storage>, kinds: Registry<()>) -> job_engine::RunningServer {
    let options = ServerOptions {
        retention: Retention::of(Duration::from_mins(30)),
        ..ServerOptions::default()
    };
    let server = Server::new(storage.clone(), kinds, Arc::new(())).options(options);
    server.start().await.expect("it starts")
}
