use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::SharedStorage;
use job_engine::storage::memory::MemoryStorage;
use job_engine::testing::{assert_enqueued, assert_none_enqueued, drain, drain_with, run_inline};
use job_engine::{Client, Job, JobError, Registry, RetryPolicy, ServerOptions};

use crate::stage::errand;
use crate::world::{Act, Errand, World};

fn registry() -> Registry<World> {
    Registry::default().with::<Errand>()
}

#[tokio::test]
async fn a_job_is_run_inline() {
    let world = World::empty();
    world.script("post", &[Act::Succeed, Act::Fail("rain")]);

    let first = run_inline(&errand("post"), &world).await;
    let second = run_inline(&errand("post"), &world).await;

    assert!(first.is_ok());
    let Err(JobError::Retry(error)) = second else {
        panic!("it fails");
    };
    assert_eq!(error.message, "rain");
    assert_eq!(world.count("post is done"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_worked_off_and_what_is_delayed_stays() {
    let storage = Arc::new(MemoryStorage::new());
    let shared: SharedStorage = storage.clone();
    let (client, world) = (Client::new(shared.clone()), World::empty());
    world.script("bad", &[Act::Fail("rain"), Act::Succeed]);
    for name in ["good", "bad"] {
        client.enqueue(&errand(name)).await.expect("it is enqueued");
    }
    let hour = Duration::from_hours(1);
    let later = client.enqueue_after(&errand("later"), hour).await;
    let later = later.expect("it is enqueued");

    let today = drain(&shared, registry(), world.clone()).await;
    let waits = assert_enqueued::<Errand>(&shared, |job| job.name == "later").await;
    storage.skip(2 * hour);
    let tomorrow = drain(&shared, registry(), world.clone()).await;

    assert_eq!((today.succeeded, today.retried), (1, 1));
    assert_eq!(waits, later);
    assert_eq!((tomorrow.succeeded, tomorrow.failed), (2, 0));
    assert_none_enqueued::<Errand>(&shared).await;
    assert_eq!(world.count("later is done"), 1);
}

#[tokio::test(start_paused = true)]
async fn work_is_done_by_the_options_that_are_given() {
    let shared: SharedStorage = Arc::new(MemoryStorage::new());
    let (client, world) = (Client::new(shared.clone()), World::empty());
    world.script("post", &[Act::Fail("rain")]);
    client
        .enqueue(&errand("post"))
        .await
        .expect("it is enqueued");

    let options = ServerOptions {
        retry: RetryPolicy::never(),
        ..ServerOptions::default()
    };
    let tally = drain_with(&shared, registry(), world, options).await;

    assert_eq!(tally.failed, 1);
}

#[tokio::test]
#[should_panic(expected = "no such job `errand` waits; these do")]
async fn a_job_that_does_not_wait_is_missed() {
    let shared: SharedStorage = Arc::new(MemoryStorage::new());
    let client = Client::new(shared.clone());
    client
        .enqueue(&errand("post"))
        .await
        .expect("it is enqueued");

    assert_enqueued::<Errand>(&shared, |job| job.name == "telephone").await;
}

#[tokio::test]
#[should_panic(expected = "jobs `errand` wait")]
async fn a_job_that_waits_is_seen() {
    let shared: SharedStorage = Arc::new(MemoryStorage::new());
    let client = Client::new(shared.clone());
    client
        .enqueue(&errand(Errand::NAME))
        .await
        .expect("it is enqueued");

    assert_none_enqueued::<Errand>(&shared).await;
}
