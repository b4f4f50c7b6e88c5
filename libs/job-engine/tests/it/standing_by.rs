//! Servers with nothing to do, for which jobs are claimed as they are stored.

use job_engine::storage::{ServerOrder, Storage};
use job_engine::{ServerOptions, State};

use crate::faulty::{Call, Fault};
use crate::stage::{Stage, options, stored};
use crate::world::Act;

#[tokio::test(start_paused = true)]
async fn an_idle_server_runs_what_was_claimed_for_it() {
    let stage = Stage::claiming_at_once();
    let server = stage.start().await;
    has_room(&stage, 1).await;

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.calls(Call::ClaimAtOnce), 1);
    assert_eq!(stage.world.count("post runs, attempt 1"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_was_lost_is_given_back_and_run() {
    let stage = Stage::claiming_at_once();
    let server = stage.start().await;
    has_room(&stage, 1).await;
    let storage = &stage.storage;
    storage.fail_next(Call::ClaimAtOnce, Fault::AnswerLost, 1);

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.calls(Call::GiveBackExcept), 1);
    assert_eq!(stage.world.count("post runs, attempt 1"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_is_answered_after_it_was_given_back_is_not_run_twice() {
    let stage = Stage::claiming_at_once();
    let server = stage.start().await;
    has_room(&stage, 1).await;
    let storage = &stage.storage;
    let slow = stored("slow");
    let reservation = storage.reserve(std::slice::from_ref(&slow));
    let reservation = reservation.expect("a worker is free");
    stage.enqueue_aside(&slow).await;
    let claimed = storage.claim_at_once(&reservation, std::slice::from_ref(&slow));
    let claimed = claimed.await.expect("it is claimed").jobs;
    storage.fail_next(Call::Claim, Fault::AnswerLost, 1);
    stage.called(Call::GiveBackExcept, 1).await;
    stage.world.saw("slow runs, attempt 1", 1).await;

    reservation.seat(claimed);

    stage.called(Call::GiveBackExcept, 2).await;
    stage.reached(slow.id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.world.count("slow runs, attempt 1"), 1);
}

#[tokio::test(start_paused = true)]
async fn no_more_is_claimed_at_once_than_workers_are_free() {
    let stage = Stage::claiming_at_once();
    let one = ServerOptions {
        workers: 1,
        ..options()
    };
    let server = stage.start_with(one).await;
    has_room(&stage, 1).await;
    let storage = &stage.storage;

    let two = [stored("a"), stored("b")];
    assert!(storage.reserve(&two).is_none());
    stage.enqueue_scripted("long", &[Act::Wait]).await;
    stage.world.saw("long runs, attempt 1", 1).await;
    assert!(storage.reserve(&two[..1]).is_none());

    stage.world.gate.notify_one();
    has_room(&stage, 1).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_kind_or_a_queue_that_a_server_does_not_serve_is_not_claimed_for_it() {
    let stage = Stage::claiming_at_once();
    let server = stage.start().await;
    has_room(&stage, 1).await;

    let (mut kind, mut queue, mut version) = (stored("a"), stored("b"), stored("c"));
    kind.kind = "unknown".to_owned();
    queue.queue = "elsewhere".to_owned();
    version.version = 2;

    for job in [kind, queue, version] {
        assert!(stage.storage.reserve(&[job]).is_none());
    }
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_claimed_for_a_server_that_takes_no_more_jobs() {
    let stage = Stage::claiming_at_once();
    let server = stage.start().await;
    has_room(&stage, 1).await;
    let id = stage.servers().await[0];

    let ordered = stage
        .storage
        .order_server(id, Some(ServerOrder::Quiet))
        .await;
    assert!(ordered.expect("the server is told"));
    let heartbeats = stage.calls(Call::Heartbeat);
    stage.called(Call::Heartbeat, heartbeats + 1).await;
    stage.until(|| async { !stage.has_room(1) }).await;

    server.stop().await;
    assert!(stage.storage.reserve(&[stored("a")]).is_none());
}

/// Returns when the server would take so many jobs at once.
async fn has_room(stage: &Stage, jobs: usize) {
    stage.until(|| async { stage.has_room(jobs) }).await;
}
