use std::time::Duration;

use job_engine::{NewJob, State, Tally};
use tokio::time::Instant;

use crate::stage::{Stage, stored};
use crate::world::Act;

#[tokio::test(start_paused = true)]
async fn a_job_without_attempts_left_is_given_up() {
    let stage = Stage::empty();
    let server = stage.start().await;

    let id = stage
        .enqueue_scripted("call", &[Act::Fail("no route")])
        .await;

    stage.reached(id, State::Failed).await;
    stage.until(|| async { server.tally().failed == 1 }).await;
    let tally = server.tally();
    server.stop().await;
    let events = [
        "call runs, attempt 1",
        "call failed 1: no route",
        "call runs, attempt 2",
        "call failed 2: no route",
        "call runs, attempt 3",
        "call failed 3: no route",
        "call given up: no route",
    ];
    assert_eq!(stage.world.events(), events);
    let reasons = stage.reasons(id).await;
    assert_eq!(
        reasons.last().map(String::as_str),
        Some("Given up after 3 attempts")
    );
    let expected = Tally {
        retried: 2,
        failed: 1,
        ..Tally::default()
    };
    assert_eq!(tally, expected);
}

#[tokio::test(start_paused = true)]
async fn a_job_can_say_that_trying_again_will_not_help() {
    let stage = Stage::empty();
    let server = stage.start().await;

    let acts = [Act::FailForGood("no such tenant")];
    let id = stage.enqueue_scripted("call", &acts).await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
    let events = [
        "call runs, attempt 1",
        "call failed 1: no such tenant",
        "call given up: no such tenant",
    ];
    assert_eq!(stage.world.events(), events);
}

#[tokio::test(start_paused = true)]
async fn arguments_that_cannot_be_read_fail_for_good() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let job = NewJob {
        arguments: r#"{"title":"Dr."}"#.to_owned(),
        ..stored("post")
    };

    let id = stage.client.submit(job).await.expect("it is enqueued");

    stage.reached(id, State::Failed).await;
    server.stop().await;
    assert_eq!(stage.world.events(), Vec::<String>::new());
    let errors = stage.errors(id).await;
    assert_eq!(errors[0].kind, "arguments");
    let message = &errors[0].message;
    assert!(message.contains("missing field `name`"), "{message}");
    let reason = "Given up: its arguments cannot be read, so it was not told";
    assert_eq!(stage.reasons(id).await, [reason]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_once_is_called_again() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let acts = [Act::Fail("mail is down"), Act::Succeed];
    stage.world.script("call given up", &acts);

    let acts = [Act::FailForGood("no such tenant")];
    let id = stage.enqueue_scripted("call", &acts).await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
    assert_eq!(stage.world.count("call given up: no such tenant"), 2);
    let reason = "Given up: the job says that trying again will not help";
    assert_eq!(stage.reasons(id).await, [reason]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_keeps_failing_does_not_lose_the_job() {
    for (act, why) in [
        (Act::Fail("mail is down"), "mail is down"),
        (Act::FailForGood("mail is down"), "mail is down"),
        (Act::Panic("mail is odd"), "mail is odd"),
        (Act::Wait, "no end after 10 s"),
    ] {
        let stage = Stage::empty();
        let server = stage.start().await;
        let before = Instant::now();
        let is_final = matches!(act, Act::FailForGood(_));
        stage.world.script("call given up", &[act]);

        let acts = [Act::FailForGood("no such tenant")];
        let id = stage.enqueue_scripted("call", &acts).await;

        stage.reached(id, State::Failed).await;
        server.stop().await;
        assert!(before.elapsed() < Duration::from_mins(1));
        let calls = stage.world.count("call given up: no such tenant");
        assert_eq!(calls, if is_final { 1 } else { 3 });
        let reason = &stage.reasons(id).await[0];
        let note = format!("; `given_up` did not work: {why}");
        assert!(reason.ends_with(&note), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_given_up_can_be_requeued() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let acts = [Act::FailForGood("no such tenant"), Act::Succeed];
    let id = stage.enqueue_scripted("call", &acts).await;
    stage.reached(id, State::Failed).await;

    let requeued = stage.client.requeue(id, "Requeued by Ada").await;

    requeued.expect("the storage answers");
    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.world.count("call runs, attempt 1"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_retry_can_be_triggered() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let acts = [Act::Fail("no route"), Act::Succeed];
    let id = stage.enqueue_scripted("call", &acts).await;
    stage.reached(id, State::Scheduled).await;
    let before = Instant::now();

    let triggered = stage.client.trigger_now(id, "Triggered by Ada").await;

    triggered.expect("the storage answers");
    stage.reached(id, State::Succeeded).await;
    assert!(before.elapsed() < Duration::from_millis(500));
    assert_eq!(stage.world.count("call runs, attempt 2"), 1);
    server.stop().await;
}
