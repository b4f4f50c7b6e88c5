use std::time::Duration;

use job_engine::storage::{Commanded, Limit, Limited, Limits, Rate};
use job_engine::{RunningServer, ServerOptions, State, Storage};

use crate::faulty::{Call, Fault};
use crate::stage::{Stage, options};
use crate::world::Act;

#[tokio::test(start_paused = true)]
async fn a_job_of_a_server_that_died_is_run_by_another() {
    let stage = Stage::empty();
    let acts = [Act::Wait, Act::Succeed];
    let id = stage.enqueue_scripted("post", &acts).await;
    let dying = stage.start().await;
    stage.world.saw("post runs, attempt 1", 1).await;
    let survivor = Stage::beside(&stage).start().await;

    drop(dying);

    stage.world.saw("post is done", 1).await;
    survivor.stop().await;
    assert_eq!(stage.state(id).await, State::Succeeded);
    assert_eq!(stage.world.count("post runs, attempt 1"), 2);
    assert_eq!(stage.details(id).await.summary.abandoned, 1);
    assert_eq!(stage.servers().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_kills_its_process_is_given_up() {
    let stage = Stage::empty();
    let id = stage.enqueue_scripted("bomb", &[Act::Wait]).await;
    for deaths in 1..=3 {
        let server = stage.start().await;
        stage.world.saw("bomb runs, attempt 1", deaths).await;
        drop(server);
    }

    let server = stage.start().await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
    assert_eq!(stage.world.count("bomb runs, attempt 1"), 3);
    let message = "the process died 3 times while it ran this job";
    assert_eq!(stage.world.count(&format!("bomb failed 1: {message}")), 1);
    assert_eq!(stage.world.count(&format!("bomb given up: {message}")), 1);
    let errors = stage.errors(id).await;
    assert_eq!(errors[0].kind, "crash");
    assert_eq!(errors[0].message, message);
    let last = stage.reasons(id).await.pop();
    assert_eq!(last, Some(format!("Given up: {message}")));
}

#[tokio::test(start_paused = true)]
async fn jobs_that_run_beside_one_that_kills_its_process_are_not_given_up() {
    let stage = Stage::empty();
    let bomb = stage.enqueue_scripted("bomb", &[Act::Wait]).await;
    let innocent = ["a", "b", "c"];
    let mut ids = Vec::new();
    for name in innocent {
        let acts = [Act::Wait, Act::Wait, Act::Succeed];
        ids.push(stage.enqueue_scripted(name, &acts).await);
    }
    for deaths in 1..=2 {
        let server = stage.start().await;
        for name in ["bomb", "a", "b", "c"] {
            let event = format!("{name} runs, attempt 1");
            stage.world.saw(&event, deaths).await;
        }
        drop(server);
    }

    let server = stage.start().await;
    stage.world.saw("bomb runs, attempt 1", 3).await;
    drop(server);
    let server = stage.start().await;

    stage.reached(bomb, State::Failed).await;
    for id in ids {
        stage.reached(id, State::Succeeded).await;
        assert_eq!(stage.details(id).await.summary.abandoned, 2);
    }
    server.stop().await;
    assert_eq!(stage.errors(bomb).await[0].kind, "crash");
}

#[tokio::test(start_paused = true)]
async fn suspects_run_one_at_a_time_and_others_beside_them() {
    let stage = Stage::empty();
    let names = ["a", "b"];
    let mut ids = Vec::new();
    for name in names {
        let acts = [
            Act::Wait,
            Act::Wait,
            Act::Take(Duration::from_secs(20)),
            Act::Succeed,
        ];
        ids.push(stage.enqueue_scripted(name, &acts).await);
    }
    for deaths in 1..=2 {
        let server = stage.start().await;
        for name in names {
            let event = format!("{name} runs, attempt 1");
            stage.world.saw(&event, deaths).await;
        }
        drop(server);
    }
    let server = stage.start().await;
    let begun = |stage: &Stage| {
        let begun = |name| stage.world.count(&format!("{name} runs, attempt 1"));
        names.map(begun).iter().sum::<usize>()
    };
    stage.until(|| async { begun(&stage) == 5 }).await;

    let fresh = stage.enqueue("fresh").await;

    stage.reached(fresh, State::Succeeded).await;
    assert_eq!(begun(&stage), 5);
    for &id in &ids {
        stage.reached(id, State::Succeeded).await;
    }
    server.stop().await;
    let put_off = "Put off: jobs whose process died run one at a time";
    let reasons = [stage.reasons(ids[0]).await, stage.reasons(ids[1]).await].concat();
    assert!(
        reasons.iter().any(|reason| reason == put_off),
        "{reasons:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_suspect_does_not_begin_before_the_end_of_the_one_before_is_recorded() {
    let stage = Stage::empty();
    let names = ["a", "b"];
    for name in names {
        let acts = [Act::Wait, Act::Wait, Act::Succeed];
        stage.enqueue_scripted(name, &acts).await;
    }
    for deaths in 1..=2 {
        let server = stage.start().await;
        for name in names {
            let event = format!("{name} runs, attempt 1");
            stage.world.saw(&event, deaths).await;
        }
        drop(server);
    }
    let begun = || {
        let begun = |name| stage.world.count(&format!("{name} runs, attempt 1"));
        names.map(begun).iter().sum::<usize>()
    };
    stage.storage.fail_next(Call::Settle, Fault::Hangs, 1);

    let server = stage.start().await;
    stage.called(Call::Settle, 1).await;

    assert_eq!(begun(), 5);
    stage.until(|| async { begun() == 6 }).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_suspect_that_waited_too_long_for_its_rate_is_handed_back() {
    let stage = Stage::empty();
    let rate = Rate {
        jobs: 100,
        period: Duration::from_secs(1),
    };
    let limit = Limit {
        rate: Some(rate),
        ..Limit::default()
    };
    let of = Limited::Queue("default".to_owned());
    let limited = stage.storage.set_limit(&of, limit).await;
    limited.expect("the storage answers");
    let names = ["a", "b"];
    let mut ids = Vec::new();
    for name in names {
        let acts = [
            Act::Wait,
            Act::Wait,
            Act::Take(Duration::from_millis(150)),
            Act::Succeed,
        ];
        ids.push(stage.enqueue_scripted(name, &acts).await);
    }
    for deaths in 1..=2 {
        let server = stage.start().await;
        for name in names {
            let event = format!("{name} runs, attempt 1");
            stage.world.saw(&event, deaths).await;
        }
        drop(server);
    }

    let server = stage.start().await;

    for &id in &ids {
        stage.reached(id, State::Succeeded).await;
    }
    server.stop().await;
    let reasons = [stage.reasons(ids[0]).await, stage.reasons(ids[1]).await].concat();
    let handed_back = "Handed back: no worker came free in time for its rate";
    assert!(
        reasons.iter().any(|reason| reason == handed_back),
        "{reasons:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn processes_that_die_young_do_not_count_against_a_job_with_which_several_died() {
    let stage = Stage::empty();
    let options = || ServerOptions {
        max_abandoned: 10,
        ..options()
    };
    let acts = [Act::Wait, Act::Wait, Act::Wait, Act::Succeed];
    let id = stage.enqueue_scripted("post", &acts).await;
    for deaths in 1..=3 {
        let server = stage.start_with(options()).await;
        stage.world.saw("post runs, attempt 1", deaths).await;
        drop(server);
        let rescued = stage.storage.rescue(Duration::ZERO).await;
        assert_eq!(rescued.expect("the storage answers").jobs, [id]);
    }
    let server = stage.start_with(options()).await;
    stage.reached(id, State::Scheduled).await;
    drop(server);

    let server = stage.start_with(options()).await;
    let lived = tokio::time::Instant::now();

    stage.reached(id, State::Succeeded).await;
    assert!(lived.elapsed() >= Duration::from_secs(1));
    server.stop().await;
    assert_eq!(stage.details(id).await.summary.abandoned, 3);
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_farewell_kills_the_process_is_given_up_without_one() {
    let stage = Stage::empty();
    stage.world.script("bomb given up", &[Act::Wait]);
    let id = stage.enqueue_scripted("bomb", &[Act::Wait]).await;
    for deaths in 1..=3 {
        let server = stage.start().await;
        stage.world.saw("bomb runs, attempt 1", deaths).await;
        drop(server);
    }
    let message = "the process died 3 times while it ran this job";
    let server = stage.start().await;
    stage
        .world
        .saw(&format!("bomb given up: {message}"), 1)
        .await;
    drop(server);

    let server = stage.start().await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
    assert_eq!(stage.world.count("bomb runs, attempt 1"), 3);
    assert_eq!(stage.details(id).await.summary.abandoned, 4);
    let events = stage.world.events();
    let farewells = events.iter().filter(|event| event.contains("given up"));
    assert_eq!(farewells.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_job_is_told_to_stop_and_its_outcome_is_dropped() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let id = stage.enqueue_scripted("post", &[Act::FinishAtStop]).await;
    stage.world.saw("post runs, attempt 1", 1).await;
    let before = tokio::time::Instant::now();

    let deleted = stage.client.delete(id, "Deleted by Ada").await;

    assert_eq!(deleted.expect("the storage answers"), Commanded::Done);
    stage.world.saw("post finishes", 1).await;
    let took = before.elapsed();
    assert!(took <= Duration::from_millis(100), "{took:?}");
    server_counts_stale(&stage, &server).await;
    server.stop().await;
    assert_eq!(stage.state(id).await, State::Deleted);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_heed_its_token_is_cut_off() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let id = stage.enqueue_scripted("post", &[Act::Wait]).await;
    stage.world.saw("post runs, attempt 1", 1).await;

    let deleted = stage.client.delete(id, "Deleted by Ada").await;

    assert_eq!(deleted.expect("the storage answers"), Commanded::Done);
    stage.world.saw("post stops waiting", 1).await;
    server.stop().await;
    assert_eq!(stage.state(id).await, State::Deleted);
    assert_eq!(stage.world.count("post is done"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_the_lease_is_lost_is_told_to_nobody() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let id = stage.enqueue_scripted("post", &[Act::WaitForStop]).await;
    stage.world.saw("post runs, attempt 1", 1).await;

    let deleted = stage.client.delete(id, "Deleted by Ada").await;

    assert_eq!(deleted.expect("the storage answers"), Commanded::Done);
    stage.world.saw("post is told to stop", 1).await;
    server_counts_stale(&stage, &server).await;
    server.stop().await;
    let events = ["post runs, attempt 1", "post is told to stop"];
    assert_eq!(stage.world.events(), events);
    assert_eq!(stage.errors(id).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_to_nobody_even_before_the_loss_is_noticed() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let id = stage.enqueue_scripted("post", &[Act::WaitAndFail]).await;
    stage.world.saw("post runs, attempt 1", 1).await;
    let deleted = stage.client.delete(id, "Deleted by Ada").await;
    assert_eq!(deleted.expect("the storage answers"), Commanded::Done);

    stage.world.gate.notify_one();

    server_counts_stale(&stage, &server).await;
    server.stop().await;
    assert_eq!(stage.world.events(), ["post runs, attempt 1"]);
    assert_eq!(stage.state(id).await, State::Deleted);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_requeued_while_it_runs_counts_once() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let acts = [Act::FinishAtStop, Act::Succeed];
    let id = stage.enqueue_scripted("post", &acts).await;
    stage.world.saw("post runs, attempt 1", 1).await;

    let requeued = stage.client.requeue(id, "Requeued by Ada").await;

    assert_eq!(requeued.expect("the storage answers"), Commanded::Done);
    stage.world.saw("post is done", 2).await;
    stage.reached(id, State::Succeeded).await;
    server_counts_stale(&stage, &server).await;
    server.stop().await;
    let succeeded = stage.states(id).await;
    let succeeded = succeeded.iter().filter(|state| **state == State::Succeeded);
    assert_eq!(succeeded.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_taken_for_dead_stops_its_jobs_and_goes_on_under_another_id() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let acts = [Act::FinishAtStop, Act::Succeed];
    let id = stage.enqueue_scripted("post", &acts).await;
    stage.world.saw("post runs, attempt 1", 1).await;
    let before = stage.servers().await;

    let rescued = stage.storage.rescue(Duration::ZERO).await;

    assert_eq!(rescued.expect("the storage answers").jobs, [id]);
    stage.world.saw("post finishes", 1).await;
    stage.reached(id, State::Succeeded).await;
    let after = stage.servers().await;
    assert_eq!(after.len(), 1);
    assert_ne!(after, before);
    assert_eq!(server.tally().stale, 1);
    server.stop().await;
    assert_eq!(stage.details(id).await.summary.abandoned, 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_of_which_a_part_breaks_gives_back_its_jobs_and_starts_anew() {
    for part in [Call::Claim, Call::Settle, Call::Heartbeat, Call::Rescue] {
        let stage = Stage::empty();
        let acts = [Act::Wait, Act::Succeed];
        let running = stage.enqueue_scripted("long", &acts).await;
        let server = stage.start().await;
        stage.world.saw("long runs, attempt 1", 1).await;
        let before = stage.servers().await;
        stage.storage.fail_next(part, Fault::Panics, 1);

        let id = stage.enqueue("post").await;

        stage.reached(id, State::Succeeded).await;
        stage.reached(running, State::Succeeded).await;
        assert_eq!(stage.details(running).await.summary.abandoned, 0);
        let after = stage.servers().await;
        assert_eq!(after.len(), 1);
        assert_ne!(after, before);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_outcome_of_a_server_that_was_cut_off_changes_nothing() {
    let cut_off = Stage::empty();
    let acts = [Act::Wait, Act::Succeed];
    let id = cut_off.enqueue_scripted("post", &acts).await;
    let silent = cut_off.start().await;
    cut_off.world.saw("post runs, attempt 1", 1).await;
    cut_off
        .storage
        .fail_next(Call::Heartbeat, Fault::Refused, 1000);
    let healthy = Stage::beside(&cut_off);
    let rescuer = healthy.start().await;
    healthy.reached(id, State::Succeeded).await;
    let before = healthy.details(id).await;

    cut_off.world.gate.notify_one();

    cut_off.until(|| async { silent.tally().stale == 1 }).await;
    assert_eq!(healthy.details(id).await, before);
    assert_eq!(before.summary.abandoned, 1);
    rescuer.stop().await;
    silent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn servers_that_live_are_not_rescued_after_an_outage() {
    let one = Stage::empty();
    let two = Stage::beside(&one);
    let (first, second) = (one.start().await, two.start().await);
    let servers = one.servers().await;
    for name in ["a", "b", "c"] {
        one.enqueue_scripted(name, &[Act::Wait]).await;
        one.world.saw(&format!("{name} runs, attempt 1"), 1).await;
    }
    one.storage.set_away(true);
    two.storage.set_away(true);
    tokio::time::advance(Duration::from_mins(5)).await;
    one.called(Call::Rescue, 50).await;

    one.storage.set_away(false);
    two.storage.set_away(false);

    for storage in [&one, &two] {
        let rescues = storage.storage.calls().borrow()[&Call::Rescue];
        storage.called(Call::Rescue, rescues + 20).await;
    }
    assert_eq!(one.servers().await, servers);
    one.world.gate.notify_waiters();
    for name in ["a", "b", "c"] {
        one.world.saw(&format!("{name} is done"), 1).await;
        assert_eq!(one.world.count(&format!("{name} runs, attempt 1")), 1);
    }
    first.stop().await;
    second.stop().await;
}

#[tokio::test(start_paused = true)]
async fn servers_that_live_are_not_rescued_when_the_clock_is_set_ahead() {
    let one = Stage::empty();
    let two = Stage::beside(&one);
    let (first, second) = (one.start().await, two.start().await);
    let servers = one.servers().await;
    one.enqueue_scripted("long", &[Act::Wait]).await;
    one.world.saw("long runs, attempt 1", 1).await;
    tokio::time::advance(Duration::from_mins(1)).await;
    one.called(Call::Rescue, 5).await;
    two.called(Call::Rescue, 5).await;

    one.set_clock_ahead(Duration::from_hours(1));

    for stage in [&one, &two] {
        let rescues = stage.storage.calls().borrow()[&Call::Rescue];
        stage.called(Call::Rescue, rescues + 20).await;
    }
    assert_eq!(one.servers().await, servers);
    one.world.gate.notify_waiters();
    one.world.saw("long is done", 1).await;
    assert_eq!(one.world.count("long runs, attempt 1"), 1);
    first.stop().await;
    second.stop().await;
}

async fn server_counts_stale(stage: &Stage, server: &RunningServer) {
    stage.until(|| async { server.tally().stale == 1 }).await;
}
