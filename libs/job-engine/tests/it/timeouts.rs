use std::time::Duration;

use job_engine::{Attempt, Job, JobError, Registry, Server, ServerOptions, State};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::stage::{Stage, options};
use crate::world::{Act, World};

const LIMIT: Duration = Duration::from_secs(30);

fn limited() -> ServerOptions {
    ServerOptions {
        timeout: Some(LIMIT),
        ..options()
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_too_long_is_cut_off_and_tried_again() {
    let stage = Stage::empty();
    let server = stage.start_with(limited()).await;
    let before = Instant::now();

    let id = stage
        .enqueue_scripted("post", &[Act::Wait, Act::Succeed])
        .await;

    stage.world.saw("post stops waiting", 1).await;
    let took = before.elapsed();
    assert!(took >= LIMIT, "{took:?}");
    assert!(took < LIMIT + Duration::from_secs(1), "{took:?}");
    stage.reached(id, State::Succeeded).await;
    let errors = stage.errors(id).await;
    assert_eq!(errors[0].kind, "timeout");
    assert_eq!(errors[0].message, "no end after 30s");
    assert_eq!(stage.world.count("post failed 1: no end after 30s"), 1);
    assert_eq!(server.tally().retried, 1);
    assert_eq!(server.tally().stale, 0);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_time_is_up_is_told_to_stop() {
    let stage = Stage::empty();
    let server = stage.start_with(limited()).await;

    let id = stage
        .enqueue_scripted("post", &[Act::WaitForStop, Act::Succeed])
        .await;

    stage.world.saw("post is told to stop", 1).await;
    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.errors(id).await[0].kind, "timeout");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_still_makes_it_when_its_time_is_up_has_succeeded() {
    let stage = Stage::empty();
    let server = stage.start_with(limited()).await;

    let id = stage.enqueue_scripted("post", &[Act::FinishAtStop]).await;

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.errors(id).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_never_ends_in_time_is_given_up() {
    let stage = Stage::empty();
    let server = stage.start_with(limited()).await;

    let id = stage.enqueue_scripted("post", &[Act::Wait]).await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
    assert_eq!(stage.world.count("post given up: no end after 30s"), 1);
    assert_eq!(stage.errors(id).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_kind_has_a_time_limit_of_its_own() {
    let stage = Stage::empty();
    let registry = Registry::default().with::<Nap>().with::<Sleep>();
    let server = Server::new(stage.storage.clone(), registry, stage.world.clone())
        .options(limited())
        .start()
        .await
        .expect("the server starts");
    let before = Instant::now();

    let nap = stage.client.enqueue(&Nap).await.expect("it is enqueued");
    let sleep = stage.client.enqueue(&Sleep).await.expect("it is enqueued");

    stage.reached(sleep, State::Succeeded).await;
    assert!(before.elapsed() >= Duration::from_hours(9));
    server.stop().await;
    assert_eq!(stage.errors(nap).await[0].message, "no end after 1s");
    assert_eq!(stage.errors(sleep).await, []);
}

#[derive(Serialize, Deserialize)]
struct Nap;

impl Job for Nap {
    const NAME: &'static str = "nap";
    type Context = World;

    async fn run(&self, _world: &World, _attempt: &Attempt) -> Result<(), JobError> {
        tokio::time::sleep(Duration::from_secs(20)).await;
        Ok(())
    }

    fn timeout() -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
}

#[derive(Serialize, Deserialize)]
struct Sleep;

impl Job for Sleep {
    const NAME: &'static str = "sleep";
    type Context = World;

    async fn run(&self, _world: &World, _attempt: &Attempt) -> Result<(), JobError> {
        tokio::time::sleep(Duration::from_hours(9)).await;
        Ok(())
    }

    fn timeout() -> Option<Duration> {
        Some(Duration::MAX)
    }
}
