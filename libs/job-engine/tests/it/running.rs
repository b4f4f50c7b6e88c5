use std::time::Duration;

use job_engine::storage::Monitor;
use job_engine::{
    Due, NewJob, Registry, Retention, Server, ServerOptions, StartError, State, Tally,
};

use crate::faulty::Call;
use crate::stage::{Stage, errand, errands, options, stored};
use crate::world::{Act, Errand};

#[tokio::test(start_paused = true)]
async fn an_enqueued_job_is_run_once() {
    let stage = Stage::empty();
    let server = stage.start().await;

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(
        stage.world.events(),
        ["post runs, attempt 1", "post is done"]
    );
    let states = stage.states(id).await;
    assert_eq!(
        states,
        [State::Enqueued, State::Processing, State::Succeeded]
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_when_the_server_starts_is_run() {
    let stage = Stage::empty();
    let id = stage.enqueue("post").await;

    let server = stage.start().await;

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_starts_a_job_without_waiting_for_the_next_poll() {
    let stage = Stage::empty();
    let poll_interval = Duration::from_hours(1);
    let server = stage
        .start_with(ServerOptions {
            poll_interval,
            ..options()
        })
        .await;
    stage.called(Call::Claim, 1).await;
    let before = tokio::time::Instant::now();

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Succeeded).await;
    assert!(before.elapsed() < Duration::from_secs(1));
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_comes_alone_costs_one_claim() {
    let stage = Stage::empty();
    let server = stage.start_with(rarely_polling()).await;
    // It looks when it starts, and once more when it listens.
    stage.called(Call::Claim, 2).await;

    for _ in 0..10 {
        let id = stage.enqueue("post").await;
        stage.reached(id, State::Succeeded).await;
    }

    server.stop().await;
    assert_eq!(stage.calls(Call::Claim), 12);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_comes_while_all_workers_are_busy_costs_one_claim() {
    let stage = Stage::empty();
    let server = stage.start_with(rarely_polling()).await;
    stage.called(Call::Claim, 2).await;
    stage.world.script("long", &[Act::Wait]);
    stage.enqueue_all(&errands("long", 4)).await;
    stage.world.saw("long runs, attempt 1", 4).await;
    let fifth = stage.enqueue("fifth").await;

    stage.world.gate.notify_waiters();

    stage.reached(fifth, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.calls(Call::Claim), 4);
}

/// Four workers, as many as the jobs that keep them busy.
fn rarely_polling() -> ServerOptions {
    ServerOptions {
        poll_interval: Duration::from_hours(1),
        ..options()
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_jobs_are_each_run_once() {
    let stage = Stage::empty();
    stage.enqueue_all(&errands("post", 10_000)).await;

    let (first, second) = (stage.start().await, stage.start().await);

    stage.world.saw("post is done", 10_000).await;
    let (one, two) = (first.tally(), second.tally());
    first.stop().await;
    second.stop().await;
    assert_eq!(stage.world.count("post is done"), 10_000);
    let counts = stage.storage_counts().await;
    assert_eq!(counts.succeeded, 10_000);
    assert_eq!(one.stale + two.stale, 0);
}

#[tokio::test(start_paused = true)]
async fn no_more_jobs_run_at_once_than_there_are_workers() {
    let stage = Stage::empty();
    for name in ["a", "b", "c", "d", "e"] {
        stage.enqueue_scripted(name, &[Act::Wait]).await;
    }

    let server = stage.start().await;

    stage.world.saw("d runs, attempt 1", 1).await;
    assert_eq!(stage.world.events().len(), 4);
    stage.world.gate.notify_one();
    stage.world.saw("e runs, attempt 1", 1).await;
    for _ in 0..4 {
        stage.world.gate.notify_one();
        tokio::task::yield_now().await;
    }
    stage.world.saw("e is done", 1).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_delayed_job_runs_when_its_time_has_come() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let before = tokio::time::Instant::now();
    let delay = Duration::from_mins(10);

    let id = stage.client.enqueue_after(&errand("post"), delay).await;

    let id = id.expect("it is enqueued");
    assert_eq!(stage.state(id).await, State::Scheduled);
    stage.reached(id, State::Succeeded).await;
    let late = before.elapsed().checked_sub(delay);
    assert!(
        late.is_some_and(|late| late < Duration::from_secs(1)),
        "{late:?}"
    );
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_for_a_past_time_runs_at_once() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let past = "2020-02-02T02:02:02Z".parse().expect("it is a time");

    let id = stage.client.enqueue_at(&errand("post"), past).await;

    stage
        .reached(id.expect("it is enqueued"), State::Succeeded)
        .await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_stored_under_an_old_name_is_run() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let job = NewJob {
        kind: "chore".to_owned(),
        ..stored("post")
    };

    let id = stage.client.submit(job).await.expect("it is enqueued");

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_nobody_knows_stays_where_it_is() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let unknown = NewJob {
        kind: "unknown".to_owned(),
        due: Due::Now,
        ..stored("post")
    };
    let unknown = stage.client.submit(unknown).await.expect("it is enqueued");

    let known = stage.enqueue("post").await;

    stage.reached(known, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.states(unknown).await, [State::Enqueued]);
}

#[tokio::test(start_paused = true)]
async fn jobs_of_other_queues_are_left_to_others() {
    let stage = Stage::empty();
    let server = stage
        .start_with(ServerOptions {
            queues: vec!["mail".to_owned()],
            ..options()
        })
        .await;
    let other = stage.enqueue("other").await;
    let mail = stored("mail");

    let mail = stage.client.submit(mail.in_queue("mail")).await;

    stage
        .reached(mail.expect("it is enqueued"), State::Succeeded)
        .await;
    server.stop().await;
    assert_eq!(stage.state(other).await, State::Enqueued);
}

#[tokio::test(start_paused = true)]
async fn a_snoozed_job_runs_again_as_the_same_attempt() {
    let stage = Stage::empty();
    let server = stage.start().await;

    let acts = [Act::Snooze(Duration::from_secs(5)), Act::Succeed];
    let id = stage.enqueue_scripted("nap", &acts).await;

    stage.reached(id, State::Succeeded).await;
    assert_eq!(stage.world.count("nap runs, attempt 1"), 2);
    assert_eq!(stage.reasons(id).await[0], "Snoozed for 5s");
    let tally = server.tally();
    server.stop().await;
    let expected = Tally {
        succeeded: 1,
        snoozed: 1,
        ..Tally::default()
    };
    assert_eq!(tally, expected);
}

#[tokio::test(start_paused = true)]
async fn jobs_behind_ones_that_turn_out_long_are_given_back() {
    let stage = Stage::empty();
    stage
        .world
        .script("quick", &[Act::Take(Duration::from_millis(1))]);
    stage.world.script("long", &[Act::Wait]);
    stage.enqueue_all(&errands("quick", 500)).await;
    stage.enqueue_all(&errands("long", 500)).await;

    let server = stage.start().await;

    let processing = || async { stage.storage_counts().await.processing };
    stage.until(|| async { processing().await > 50 }).await;
    stage.world.saw("long runs, attempt 1", 4).await;
    assert!(processing().await > 4);
    stage.until(|| async { processing().await == 4 }).await;
    assert_eq!(stage.storage_counts().await.enqueued, 496);
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn expired_jobs_are_removed() {
    let stage = Stage::empty();
    let server = stage
        .start_with(ServerOptions {
            retention: Retention::of(Duration::from_mins(30)),
            ..options()
        })
        .await;

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Succeeded).await;
    stage
        .until(|| async {
            let found = stage.storage.job(id).await;
            found.expect("jobs can be read").is_none()
        })
        .await;
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_could_never_work_does_not_start() {
    let stage = Stage::empty();
    for wrong in [
        ServerOptions {
            workers: 0,
            ..options()
        },
        ServerOptions {
            queues: Vec::new(),
            ..options()
        },
        ServerOptions {
            server_timeout: Duration::from_secs(1),
            ..options()
        },
    ] {
        let registry = Registry::default().with::<Errand>();
        let server = Server::new(stage.storage.clone(), registry, stage.world.clone());

        let refused = server.options(wrong).start().await;

        assert!(matches!(refused, Err(StartError::Options(_))));
    }
    assert_eq!(stage.servers().await, []);
}
