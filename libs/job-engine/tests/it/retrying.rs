use std::time::Duration;

use job_engine::job::ErrorReport;
use job_engine::{
    Attempt, Failure, Job, JobError, Registry, RetryPolicy, Server, ServerOptions, State, Tally,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::stage::{Stage, options};
use crate::world::{Act, World};

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_is_tried_again_after_its_delay() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let before = Instant::now();

    let acts = [
        Act::Fail("no route to host"),
        Act::Fail("host is down"),
        Act::Succeed,
    ];
    let id = stage.enqueue_scripted("call", &acts).await;

    stage.reached(id, State::Succeeded).await;
    let took = before.elapsed();
    let expected = Duration::from_secs(3)..Duration::from_millis(3500);
    assert!(expected.contains(&took), "{took:?}");
    let events = [
        "call runs, attempt 1",
        "call failed 1: no route to host",
        "call runs, attempt 2",
        "call failed 2: host is down",
        "call runs, attempt 3",
        "call is done",
    ];
    assert_eq!(stage.world.events(), events);
    let tally = server.tally();
    server.stop().await;
    let expected = Tally {
        succeeded: 1,
        retried: 2,
        ..Tally::default()
    };
    assert_eq!(tally, expected);
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_kept_however_seldom_the_server_polls() {
    let stage = Stage::empty();
    let server = stage
        .start_with(ServerOptions {
            poll_interval: Duration::from_hours(1),
            ..options()
        })
        .await;
    let before = Instant::now();

    let acts = [Act::Fail("no route to host"), Act::Succeed];
    let id = stage.enqueue_scripted("call", &acts).await;

    stage.reached(id, State::Succeeded).await;
    assert!(before.elapsed() < Duration::from_secs(2));
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn every_attempt_and_its_error_are_kept() {
    let stage = Stage::empty();
    let server = stage.start().await;

    let acts = [
        Act::Fail("no route to host"),
        Act::Fail("host is down"),
        Act::Succeed,
    ];
    let id = stage.enqueue_scripted("call", &acts).await;

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    let attempt = [State::Processing, State::Failed, State::Scheduled];
    let mut states = vec![State::Enqueued];
    states.extend(attempt);
    states.push(State::Enqueued);
    states.extend(attempt);
    states.extend([State::Enqueued, State::Processing, State::Succeeded]);
    assert_eq!(stage.states(id).await, states);
    let messages: Vec<String> = messages(stage.errors(id).await);
    assert_eq!(messages, ["no route to host", "host is down"]);
    let reasons = stage.reasons(id).await;
    assert_eq!(reasons[0], "Retry attempt 1 of 2: no route to host");
    assert_eq!(reasons[2], "Retry attempt 2 of 2: host is down");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_that_says_what_and_where() {
    let stage = Stage::empty();
    let server = stage.start().await;

    let acts = [Act::Panic("the sky fell"), Act::Succeed];
    let id = stage.enqueue_scripted("hen", &acts).await;

    stage.reached(id, State::Succeeded).await;
    let errors = stage.errors(id).await;
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].kind, "panic");
    assert_eq!(errors[0].message, "the sky fell");
    let place = "tests/it/world.rs:";
    assert!(errors[0].details.contains(place), "{}", errors[0].details);
    assert_eq!(stage.world.count("hen failed 1: the sky fell"), 1);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_does_not_disturb_the_other_jobs() {
    let stage = Stage::empty();
    let waiting = stage.enqueue_scripted("calm", &[Act::Wait]).await;
    let server = stage.start().await;
    stage.world.saw("calm runs, attempt 1", 1).await;
    let servers = stage.servers().await;
    for name in ["a", "b", "c", "d", "e"] {
        let id = stage.enqueue_scripted(name, &[Act::Panic("boom")]).await;
        stage.reached(id, State::Failed).await;
    }

    stage.world.gate.notify_one();

    stage.reached(waiting, State::Succeeded).await;
    assert_eq!(stage.servers().await, servers);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_panics_when_it_is_dropped_does_not_disturb_the_server() {
    let stage = Stage::empty();
    let registry = Registry::default().with::<Grenade>();
    let server = Server::new(stage.storage.clone(), registry, stage.world.clone())
        .options(options())
        .start()
        .await
        .expect("the server starts");
    let servers = stage.servers().await;

    let grenade = Grenade { pin: true };
    let id = stage.client.enqueue(&grenade).await;
    std::mem::forget(grenade);

    stage
        .reached(id.expect("it is enqueued"), State::Succeeded)
        .await;
    assert_eq!(stage.servers().await, servers);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_kind_has_a_retry_policy_of_its_own() {
    let stage = Stage::empty();
    let registry = Registry::default().with::<OneShot>();
    let server = Server::new(stage.storage.clone(), registry, stage.world.clone())
        .options(options())
        .start()
        .await
        .expect("the server starts");

    let id = stage
        .client
        .enqueue(&OneShot)
        .await
        .expect("it is enqueued");

    stage.reached(id, State::Failed).await;
    server.stop().await;
    assert_eq!(stage.world.events(), ["shot 1 of 1", "missed for good"]);
    assert_eq!(stage.reasons(id).await, ["Given up after one attempt"]);
    let errors = stage.errors(id).await;
    assert_eq!(errors[0].kind, "core::num::error::ParseIntError");
}

#[tokio::test(start_paused = true)]
async fn an_endless_error_is_kept_in_part() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let endless = "ä".repeat(100_000).leak();

    let id = stage.enqueue_scripted("talk", &[Act::Fail(endless)]).await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
    let errors = stage.errors(id).await;
    assert!(errors[0].message.len() <= 4096);
    assert!(errors[0].details.len() <= 65_536);
    let reasons = stage.reasons(id).await;
    assert!(reasons.iter().all(|reason| reason.len() <= 300));
}

fn messages(errors: Vec<ErrorReport>) -> Vec<String> {
    errors.into_iter().map(|error| error.message).collect()
}

#[derive(Serialize, Deserialize)]
struct OneShot;

impl Job for OneShot {
    const NAME: &'static str = "one_shot";
    type Context = World;

    async fn run(&self, world: &World, attempt: &Attempt) -> Result<(), JobError> {
        world.note(format!("shot {} of {}", attempt.number, attempt.max));
        "bull's eye".parse::<u32>()?;
        Ok(())
    }

    async fn given_up(&self, world: &World, failure: &Failure) -> Result<(), JobError> {
        assert_eq!(failure.retry_in, None);
        world.note("missed for good".to_owned());
        Ok(())
    }

    fn retry_policy() -> Option<RetryPolicy> {
        Some(RetryPolicy::never())
    }
}

#[derive(Serialize, Deserialize)]
struct Grenade {
    pin: bool,
}

impl Job for Grenade {
    const NAME: &'static str = "grenade";
    type Context = World;

    async fn run(&self, _world: &World, _attempt: &Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

impl Drop for Grenade {
    fn drop(&mut self) {
        assert!(!self.pin, "boom");
    }
}
