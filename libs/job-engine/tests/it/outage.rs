use std::time::Duration;

use job_engine::{EnqueueError, Registry, Server, StartError, State, Tally};

use crate::faulty::{Call, Fault};
use crate::stage::{Stage, errand, options, stored};
use crate::world::{Act, Errand};

#[tokio::test(start_paused = true)]
async fn a_server_goes_on_by_itself_after_an_outage() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let servers = stage.servers().await;
    stage.storage.set_away(true);
    stage.called(Call::Heartbeat, 20).await;

    stage.storage.set_away(false);

    let id = stage.enqueue("post").await;
    stage.reached(id, State::Succeeded).await;
    assert_eq!(stage.servers().await, servers);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn jobs_are_looked_for_before_anything_else_and_a_look_that_hangs_holds_nothing_up_for_ever()
{
    let stage = Stage::empty();
    stage.storage.fail_next(Call::Claim, Fault::Hangs, 1);

    let server = stage.start().await;

    stage.called(Call::Heartbeat, 5).await;
    for housekeeping in [Call::EnqueueDue, Call::Rescue, Call::RemoveExpired] {
        assert_eq!(stage.storage.calls().borrow().get(&housekeeping), None);
    }
    for housekeeping in [Call::EnqueueDue, Call::Rescue, Call::RemoveExpired] {
        stage.called(housekeeping, 1).await;
    }
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_recorded_after_the_outage_in_which_it_came() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let id = stage.enqueue_scripted("post", &[Act::Wait]).await;
    stage.world.saw("post runs, attempt 1", 1).await;
    stage.storage.set_away(true);
    stage.world.gate.notify_one();
    stage.world.saw("post is done", 1).await;
    stage.called(Call::Settle, 10).await;
    assert_eq!(stage.state(id).await, State::Processing);

    stage.storage.set_away(false);

    stage.reached(id, State::Succeeded).await;
    assert_eq!(stage.world.count("post runs, attempt 1"), 1);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_asked_about_ever_more_slowly() {
    let stage = Stage::empty();
    let server = stage.start().await;
    stage.called(Call::Heartbeat, 1).await;
    stage.storage.set_away(true);
    let before = tokio::time::Instant::now();

    stage.called(Call::Heartbeat, 101).await;

    let took = before.elapsed();
    assert!(took > Duration::from_mins(3), "{took:?}");
    assert!(took < Duration::from_mins(10), "{took:?}");
    stage.storage.set_away(false);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_was_lost_is_made_good() {
    let stage = Stage::empty();
    let running = stage.enqueue_scripted("long", &[Act::Wait]).await;
    let server = stage.start().await;
    stage.world.saw("long runs, attempt 1", 1).await;
    stage.storage.fail_next(Call::Claim, Fault::AnswerLost, 1);

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Succeeded).await;
    assert_eq!(stage.world.count("post runs, attempt 1"), 1);
    let states = stage.states(id).await;
    let claims = states.iter().filter(|state| **state == State::Processing);
    assert_eq!(claims.count(), 2);
    stage.world.gate.notify_one();
    stage.reached(running, State::Succeeded).await;
    assert_eq!(stage.world.count("long runs, attempt 1"), 1);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_whose_answer_was_lost_is_not_recorded_twice() {
    let stage = Stage::empty();
    let server = stage.start().await;
    stage.storage.fail_next(Call::Settle, Fault::AnswerLost, 1);

    let id = stage.enqueue("post").await;

    stage.until(|| async { server.tally().unclear == 1 }).await;
    assert_eq!(stage.state(id).await, State::Succeeded);
    assert_eq!(stage.states(id).await.len(), 3);
    assert_eq!(stage.world.count("post runs, attempt 1"), 1);
    let tally = server.tally();
    server.stop().await;
    let expected = Tally {
        unclear: 1,
        ..Tally::default()
    };
    assert_eq!(tally, expected);
}

#[tokio::test(start_paused = true)]
async fn lost_answers_of_every_kind_leave_each_job_done_once() {
    let stage = Stage::empty();
    let server = stage.start().await;
    for call in [
        Call::Claim,
        Call::Settle,
        Call::EnqueueDue,
        Call::Heartbeat,
        Call::RemoveExpired,
        Call::GiveBackExcept,
        Call::Rescue,
    ] {
        stage.storage.fail_next(call, Fault::AnswerLost, 3);
    }

    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        let acts = [Act::Fail("no route"), Act::Succeed];
        ids.push((name, stage.enqueue_scripted(name, &acts).await));
    }

    for (name, id) in ids {
        stage.reached(id, State::Succeeded).await;
        assert_eq!(stage.world.count(&format!("{name} is done")), 1);
        assert_eq!(stage.world.count(&format!("{name} runs, attempt 2")), 1);
    }
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_hangs_counts_as_an_outage() {
    let stage = Stage::empty();
    let server = stage.start().await;
    for call in [Call::Claim, Call::Settle, Call::Heartbeat, Call::Rescue] {
        stage.storage.fail_next(call, Fault::Hangs, 1);
    }

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Succeeded).await;
    assert_eq!(stage.world.count("post runs, attempt 1"), 1);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_cannot_be_stored_does_not_hold_up_the_others() {
    let stage = Stage::empty();
    for name in ["odd", "even"] {
        stage.enqueue_scripted(name, &[Act::Wait]).await;
    }
    let server = stage.start().await;
    stage.world.saw("odd runs, attempt 1", 1).await;
    stage.world.saw("even runs, attempt 1", 1).await;
    // Together, then the first one alone.
    stage.storage.fail_next(Call::Settle, Fault::Corrupt, 2);

    stage.world.gate.notify_waiters();

    let counts = || async { stage.storage_counts().await };
    stage
        .until(|| async {
            let counts = counts().await;
            counts.failed == 1 && counts.succeeded == 1
        })
        .await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_enqueues_learns_that_the_storage_is_away() {
    let stage = Stage::empty();
    stage.storage.set_away(true);

    let refused = stage.client.enqueue(&errand("post")).await;

    assert!(matches!(refused, Err(EnqueueError::Storage(_))));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_submitted_again_is_not_stored_twice() {
    let stage = Stage::empty();
    stage.storage.fail_next(Call::Enqueue, Fault::AnswerLost, 1);
    let job = stored("post");
    let unclear = stage.client.submit(job.clone()).await;
    assert!(unclear.is_err());

    let again = stage.client.submit(job).await;

    assert!(again.is_err());
    assert_eq!(stage.storage_counts().await.enqueued, 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_does_not_start_while_the_storage_is_away() {
    let stage = Stage::empty();
    stage.storage.set_away(true);
    let registry = Registry::default().with::<Errand>();
    let server = Server::new(stage.storage.clone(), registry, stage.world.clone());

    let refused = server.options(options()).start().await;

    assert!(matches!(refused, Err(StartError::Storage(_))));
}
