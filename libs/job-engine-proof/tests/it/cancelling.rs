//! A job learns that it was deleted elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use job_engine::storage::SharedStorage;
use job_engine::{
    Attempt, Client, Job, JobError, Registry, RunningServer, Server, ServerOptions, State,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::place::Place;
use crate::settings;

const PATIENCE: Duration = Duration::from_secs(30);

/// A machine that is busy with other things is slow now and then.
const TRIES: usize = 10;

/// Runs until it is told to stop.
#[derive(Serialize, Deserialize)]
struct Vigil;

#[derive(Default)]
struct Told {
    runs: Notify,
    stops: Notify,
}

impl Job for Vigil {
    const NAME: &'static str = "vigil";
    type Context = Told;

    async fn run(&self, told: &Told, attempt: &Attempt) -> Result<(), JobError> {
        told.runs.notify_one();
        attempt.cancelled.cancelled().await;
        told.stops.notify_one();
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_another_process_deletes_is_told_to_stop_within_a_second_in_postgres() {
    let place = Place::postgres(&settings::postgres()).await;

    whose_job_is_deleted_is_told(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_another_process_deletes_is_told_to_stop_within_a_second_in_sqlite() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let place = Place::sqlite(folder.path()).await;

    whose_job_is_deleted_is_told(&place).await;
}

async fn whose_job_is_deleted_is_told(place: &Place) {
    let told = Arc::new(Told::default());
    let server = serve(place.storage().await.unwrap(), &told).await;
    // As in another process: it shares nothing but the database.
    let elsewhere = Client::new(place.storage().await.unwrap());

    let mut quickest = Duration::MAX;
    for _ in 0..TRIES {
        quickest = quickest.min(deleted_to_told(&elsewhere, &told).await);
        if quickest < Duration::from_secs(1) {
            break;
        }
    }

    println!("deleted to told: {} ms", quickest.as_millis());
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
    server.stop().await;
}

async fn deleted_to_told(client: &Client, told: &Told) -> Duration {
    let id = client.enqueue(&Vigil).await.unwrap();
    timeout(PATIENCE, told.runs.notified()).await.unwrap();
    let before = Instant::now();
    client.delete(id, "Deleted by Ada").await.unwrap();
    timeout(PATIENCE, told.stops.notified()).await.unwrap();
    let took = before.elapsed();

    let job = client.storage().job(id).await.unwrap().unwrap();
    assert_eq!(job.summary.state, State::Deleted);
    took
}

/// Its heart beats so rarely that nobody learns anything from it here.
async fn serve(storage: SharedStorage, told: &Arc<Told>) -> RunningServer {
    let options = ServerOptions {
        heartbeat_interval: PATIENCE,
        server_timeout: 4 * PATIENCE,
        ..ServerOptions::default()
    };
    let registry = Registry::default().with::<Vigil>();
    let server = Server::new(storage, registry, told.clone()).options(options);
    server.start().await.unwrap()
}
