use std::time::Duration;

use job_engine::storage::{Monitor, ServerOrder};
use job_engine::{ServerOptions, State, Storage};
use tokio::time::Instant;

use crate::faulty::{Call, Fault};
use crate::stage::{Stage, errands, options};
use crate::world::Act;

#[tokio::test(start_paused = true)]
async fn a_running_job_may_end_within_the_grace() {
    let stage = Stage::empty();
    let id = stage.enqueue_scripted("post", &[Act::Wait]).await;
    let server = stage.start().await;
    stage.world.saw("post runs, attempt 1", 1).await;

    let stopping = tokio::spawn(server.stop());
    let waiting = stage.enqueue("later").await;
    tokio::time::advance(Duration::from_secs(10)).await;
    stage.world.gate.notify_one();

    stopping.await.expect("the server stops");
    assert_eq!(stage.state(id).await, State::Succeeded);
    assert_eq!(stage.states(waiting).await, [State::Enqueued]);
    assert_eq!(stage.servers().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_end_is_handed_back_when_the_grace_is_over() {
    for act in [Act::Wait, Act::WaitForStop] {
        let stage = Stage::empty();
        let id = stage.enqueue_scripted("post", &[act]).await;
        let server = stage.start().await;
        stage.world.saw("post runs, attempt 1", 1).await;
        let before = Instant::now();

        server.stop().await;

        let took = before.elapsed();
        assert!(took >= Duration::from_secs(15), "{took:?}");
        assert!(took < Duration::from_secs(17), "{took:?}");
        let details = stage.details(id).await;
        assert_eq!(details.summary.state, State::Enqueued);
        assert_eq!(details.summary.attempts, 0);
        assert_eq!(details.summary.abandoned, 0);
        let reason = details.summary.reason.as_deref();
        assert_eq!(reason, Some("Handed back: the server stops"));
        assert_eq!(stage.errors(id).await, []);
        assert_eq!(stage.world.events().len(), 2, "{:?}", stage.world.events());
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ends_well_when_it_is_told_to_stop_has_succeeded() {
    let stage = Stage::empty();
    let id = stage.enqueue_scripted("post", &[Act::FinishAtStop]).await;
    let server = stage.start().await;
    stage.world.saw("post runs, attempt 1", 1).await;

    server.stop().await;

    assert_eq!(stage.state(id).await, State::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn jobs_that_were_claimed_ahead_are_handed_back_at_once() {
    let stage = Stage::empty();
    stage
        .world
        .script("quick", &[Act::Take(Duration::from_millis(1))]);
    stage.world.script("long", &[Act::Wait]);
    stage.enqueue_all(&errands("quick", 500)).await;
    stage.enqueue_all(&errands("long", 100)).await;
    let server = stage.start().await;
    stage.world.saw("long runs, attempt 1", 4).await;
    assert!(stage.storage_counts().await.processing > 4);

    let stopping = tokio::spawn(server.stop());

    stage
        .until(|| async { stage.storage_counts().await.enqueued == 96 })
        .await;
    assert_eq!(stage.storage_counts().await.processing, 4);
    stage.world.gate.notify_waiters();
    stopping.await.expect("the server stops");
    assert_eq!(stage.world.count("long runs, attempt 1"), 4);
    assert_eq!(stage.storage_counts().await.succeeded, 504);
}

#[tokio::test(start_paused = true)]
async fn a_job_handed_back_is_run_by_another_server() {
    let stage = Stage::empty();
    let acts = [Act::Wait, Act::Succeed];
    let id = stage.enqueue_scripted("post", &acts).await;
    let server = stage.start().await;
    stage.world.saw("post runs, attempt 1", 1).await;
    let other = Stage::beside(&stage);
    let next = other.start().await;

    server.stop().await;

    other.reached(id, State::Succeeded).await;
    assert_eq!(stage.world.count("post runs, attempt 1"), 2);
    next.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_comes_to_an_end_although_the_storage_is_away() {
    for fault in [Fault::Refused, Fault::Hangs] {
        let stage = Stage::empty();
        let id = stage.enqueue_scripted("post", &[Act::Wait]).await;
        let server = stage.start().await;
        stage.world.saw("post runs, attempt 1", 1).await;
        for call in [Call::Claim, Call::Settle, Call::Heartbeat, Call::Retire] {
            stage.storage.fail_next(call, fault, 1000);
        }
        let before = Instant::now();

        server.stop().await;

        let took = before.elapsed();
        assert!(took < Duration::from_mins(2), "{took:?}");
        assert_eq!(stage.state(id).await, State::Processing);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_work_stops_at_once() {
    let stage = Stage::empty();
    let server = stage.start().await;
    stage.called(Call::Claim, 1).await;
    let before = Instant::now();

    server.stop().await;

    assert!(before.elapsed() < Duration::from_secs(1));
    assert_eq!(stage.servers().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_come_and_go_do_each_job_once() {
    const JOBS: usize = 2000;
    let stage = Stage::empty();
    stage.enqueue_all(&errands("post", JOBS)).await;

    let mut done = 0;
    while done < JOBS {
        let servers = [
            stage.start_with(brief()).await,
            Stage::beside(&stage).start_with(brief()).await,
        ];
        stage
            .world
            .saw("post is done", (done + 100).min(JOBS))
            .await;
        for server in servers {
            server.stop().await;
        }
        done = stage.world.count("post is done");
    }

    assert_eq!(stage.world.count("post is done"), JOBS);
    assert_eq!(stage.storage_counts().await.succeeded, JOBS as u64);
    assert_eq!(stage.servers().await, []);
}

fn brief() -> ServerOptions {
    ServerOptions {
        grace: Duration::from_millis(100),
        ..options()
    }
}

#[tokio::test(start_paused = true)]
async fn a_quiet_server_takes_no_more_jobs_until_it_may_work_again() {
    let stage = Stage::empty();
    let running = stage.enqueue_scripted("post", &[Act::Wait]).await;
    let server = stage.start().await;
    stage.world.saw("post runs, attempt 1", 1).await;

    order(&stage, Some(ServerOrder::Quiet)).await;
    pass(Duration::from_secs(3)).await;
    let later = stage.enqueue("later").await;
    pass(Duration::from_secs(30)).await;
    assert_eq!(stage.state(later).await, State::Enqueued);
    assert_eq!(stage.state(running).await, State::Processing);
    stage.world.gate.notify_one();
    stage.world.saw("post is done", 1).await;

    order(&stage, None).await;
    stage.world.saw("later is done", 1).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_told_to_stop_lets_its_jobs_end_and_retires() {
    let stage = Stage::empty();
    let running = stage.enqueue_scripted("post", &[Act::Wait]).await;
    let server = stage.start().await;
    stage.world.saw("post runs, attempt 1", 1).await;

    order(&stage, Some(ServerOrder::Stop)).await;
    server.told_to_stop().await;
    let later = stage.enqueue("later").await;
    stage.world.gate.notify_one();
    server.stop().await;

    assert_eq!(stage.state(running).await, State::Succeeded);
    assert_eq!(stage.states(later).await, [State::Enqueued]);
    assert_eq!(stage.servers().await, []);
}

async fn order(stage: &Stage, order: Option<ServerOrder>) {
    let servers = stage.storage.servers().await.expect("servers are listed");
    let ordered = stage.storage.order_server(servers[0].id, order).await;
    assert!(ordered.expect("servers can be told"));
}

/// Moves the paused clock, and lets everyone act whose time comes on the way.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
