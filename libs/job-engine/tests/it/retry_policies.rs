use std::time::Duration;

use job_engine::{Retried, RetryPolicy, ServerOptions, State, WhenExceeded};
use tokio::time::Instant;

use crate::stage::{Stage, options};
use crate::world::Act;

fn with(retry: RetryPolicy) -> ServerOptions {
    ServerOptions { retry, ..options() }
}

#[tokio::test(start_paused = true)]
async fn a_job_says_after_what_time_to_come_back() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let before = Instant::now();

    let hours = Duration::from_hours(5);
    let acts = [Act::ComeBackAfter(hours), Act::Succeed];
    let id = stage.enqueue_scripted("post", &acts).await;

    stage.reached(id, State::Succeeded).await;
    assert!(before.elapsed() >= hours);
    server.stop().await;
    assert_eq!(stage.details(id).await.summary.attempts, 2);
    assert_eq!(stage.world.count("post failed 1: busy"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_asks_to_come_back_has_no_more_attempts_than_others() {
    let stage = Stage::empty();
    let server = stage.start().await;

    let acts = [Act::ComeBackAfter(Duration::from_secs(1))];
    let id = stage.enqueue_scripted("post", &acts).await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
    assert_eq!(stage.errors(id).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_worth_a_retry_gives_the_job_up() {
    let stage = Stage::empty();
    let policy = RetryPolicy {
        retried: Retried::Except(vec!["panic".to_owned()]),
        ..options().retry
    };
    let server = stage.start_with(with(policy)).await;

    let panicking = stage.enqueue_scripted("a", &[Act::Panic("boom")]).await;
    let failing = stage
        .enqueue_scripted("b", &[Act::Fail("rain"), Act::Succeed])
        .await;

    stage.reached(panicking, State::Failed).await;
    stage.reached(failing, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.world.count("a runs, attempt 1"), 1);
    assert_eq!(stage.world.count("a given up: boom"), 1);
    let reason = "Given up: errors of the kind `panic` are not retried";
    assert_eq!(stage.reasons(panicking).await, [reason]);
}

#[tokio::test(start_paused = true)]
async fn a_job_without_attempts_is_deleted_when_its_policy_says_so() {
    let stage = Stage::empty();
    let policy = RetryPolicy {
        retries: 1,
        when_exceeded: WhenExceeded::Delete,
        ..options().retry
    };
    let server = stage.start_with(with(policy)).await;

    let id = stage.enqueue_scripted("post", &[Act::Fail("rain")]).await;

    stage.reached(id, State::Deleted).await;
    server.stop().await;
    assert_eq!(stage.world.count("post given up: rain"), 1);
    let end = &stage.states(id).await[5..];
    assert_eq!(end, [State::Processing, State::Failed, State::Deleted]);
    let last = stage.reasons(id).await.pop();
    assert_eq!(last.as_deref(), Some("Given up after 2 attempts"));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_gives_up_itself_is_kept_whatever_its_policy_deletes() {
    let stage = Stage::empty();
    let policy = RetryPolicy {
        when_exceeded: WhenExceeded::Delete,
        ..options().retry
    };
    let server = stage.start_with(with(policy)).await;

    let id = stage
        .enqueue_scripted("post", &[Act::FailForGood("no address")])
        .await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
}
