//! What a person asks of a job.

use std::time::Duration;

use jiff::Timestamp;

use super::stage::{HOUR, Stage, error, failed, job, retry, succeeded};
use crate::state::State;
use crate::storage::{Act, Command, Commanded, Deed, Heartbeat, JobId, SharedStorage};

pub async fn a_job_is_requeued_from_any_other_state(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for state in State::ALL {
        if state == State::Enqueued {
            continue;
        }
        let id = stage.job_in(state).await;

        assert_eq!(stage.command(id, Command::Requeue).await, Commanded::Done);

        let details = stage.details(id).await;
        assert_eq!(details.summary.state, State::Enqueued);
        assert_eq!(details.summary.server, None);
        assert_eq!(details.summary.due_at, None);
        assert_eq!(details.summary.duration, None);
        assert_eq!(details.result, None);
        let server = stage.server().await;
        assert_eq!(stage.claim_one(server).await.lease.job, id);
    }
}

pub async fn a_requeued_job_starts_counting_again(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let abandoned = stage.held_job().await;
    storage.rescue(Duration::ZERO).await.expect("it is rescued");
    let server = stage.server().await;
    let claimed = stage.claim_one(server).await;
    assert_eq!(claimed.abandoned, 1);
    stage.accepted(claimed.lease, failed("rain")).await;

    stage.command(abandoned.job, Command::Requeue).await;

    let again = stage.claim_one(server).await;
    assert_eq!(again.lease.job, abandoned.job);
    assert_eq!(again.attempt, 1);
    assert_eq!(again.abandoned, 0);
}

pub async fn a_requeued_job_stays_in_its_queue(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(job().in_queue("mail").with_priority(4)).await;
    let claimed = stage.claim_of(server, &["mail"], &["send"], 1).await;
    stage.accepted(claimed[0].lease, failed("rain")).await;

    stage.command(id, Command::Requeue).await;

    let summary = stage.details(id).await.summary;
    assert_eq!(summary.queue, "mail");
    assert_eq!(summary.priority, 4);
    assert_eq!(stage.claim(server, 10).await, []);
    let again = stage.claim_of(server, &["mail"], &["send"], 10).await;
    assert_eq!(again[0].lease.job, id);
}

pub async fn a_requeue_goes_into_the_history(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    stage.accepted(lease, failed("rain")).await;

    stage.command(lease.job, Command::Requeue).await;

    let details = stage.details(lease.job).await;
    assert_eq!(details.summary.reason.as_deref(), Some("Asked by Ada"));
    assert_eq!(details.summary.error, Some(error("rain")));
    assert_eq!(details.history.len(), 4);
    assert_eq!(details.history[2].state, State::Failed);
    assert_eq!(details.history[2].error, Some(error("rain")));
    assert_eq!(details.history[3].state, State::Enqueued);
    let reason = details.history[3].reason.as_deref();
    assert_eq!(reason, Some("Asked by Ada"));
}

pub async fn a_waiting_job_cannot_be_requeued(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.job_in(State::Failed).await;
    assert_eq!(stage.command(id, Command::Requeue).await, Commanded::Done);
    let before = stage.details(id).await;

    let twice = stage.command(id, Command::Requeue).await;

    assert_eq!(twice, Commanded::NotApplicable(State::Enqueued));
    assert_eq!(stage.details(id).await, before);
}

pub async fn a_scheduled_job_is_triggered_now(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.enqueue(job().after(HOUR)).await;

    let done = stage.command(id, Command::TriggerNow).await;

    assert_eq!(done, Commanded::Done);
    let summary = stage.details(id).await.summary;
    assert_eq!(summary.state, State::Enqueued);
    assert_eq!(summary.due_at, None);
    assert_eq!(summary.reason.as_deref(), Some("Asked by Ada"));
    let twice = stage.command(id, Command::TriggerNow).await;
    assert_eq!(twice, Commanded::NotApplicable(State::Enqueued));
}

pub async fn a_triggered_retry_goes_on_counting_attempts(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    stage.accepted(lease, retry("rain", HOUR)).await;

    stage.command(lease.job, Command::TriggerNow).await;

    let server = stage.server().await;
    let again = stage.claim_one(server).await;
    assert_eq!(again.lease.job, lease.job);
    assert_eq!(again.attempt, 2);
}

pub async fn only_a_scheduled_job_can_be_triggered(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for state in State::ALL {
        if state == State::Scheduled {
            continue;
        }
        let id = stage.job_in(state).await;
        let before = stage.details(id).await;

        let refused = stage.command(id, Command::TriggerNow).await;

        assert_eq!(refused, Commanded::NotApplicable(state));
        assert_eq!(stage.details(id).await, before);
    }
}

pub async fn a_job_is_deleted_from_any_other_state(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for state in State::ALL {
        let id = stage.job_in(state).await;
        if state != State::Deleted {
            assert_eq!(stage.command(id, Command::Delete).await, Commanded::Done);
        }

        let twice = stage.command(id, Command::Delete).await;

        assert_eq!(twice, Commanded::NotApplicable(State::Deleted));
        let summary = stage.details(id).await.summary;
        assert_eq!(summary.state, State::Deleted);
        assert_eq!(summary.server, None);
        assert_eq!(summary.due_at, None);
        assert_eq!(summary.reason.as_deref(), Some("Asked by Ada"));
    }
}

pub async fn a_deleted_job_is_not_claimed(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let waiting = stage.enqueue(job()).await;
    let delayed = stage.enqueue(job().after(Duration::ZERO)).await;

    stage.command(waiting, Command::Delete).await;
    stage.command(delayed, Command::Delete).await;

    assert_eq!(stage.enqueue_due().await, 0);
    assert_eq!(stage.claim(server, 10).await, []);
}

pub async fn commands_for_unknown_jobs_find_nothing(storage: SharedStorage) {
    let stage = Stage::of(&storage);

    for command in [Command::Requeue, Command::TriggerNow, Command::Delete] {
        let answer = stage.command(JobId::random(), command).await;
        assert_eq!(answer, Commanded::NotFound);
    }
}

pub async fn odd_characters_in_a_reason_do_not_stop_a_command(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(job()).await;
    let claimed = stage.claim_one(server).await;

    let odd = "🦀 \u{0} ' \" \\ $1 ?";
    let done = storage.command(id, Command::Requeue, odd).await;

    assert_eq!(done.expect("the command is answered"), Commanded::Done);
    let reason = stage.details(id).await.summary.reason;
    assert!(reason.is_some_and(|reason| reason.starts_with('🦀')));
    let heartbeat = storage.heartbeat(server, &[claimed.lease]).await;
    let lost = vec![claimed.lease];
    let answer = heartbeat.expect("the server is known");
    assert_eq!(answer, Heartbeat::Alive { lost, order: None });
    stage.settle(claimed.lease, succeeded()).await;
    assert_eq!(stage.state(id).await, State::Enqueued);
}

pub async fn an_act_is_written_down_with_what_it_did(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.enqueue(job()).await;
    stage.run(id, failed("rain")).await;
    let seen = Some(stage.details(id).await.summary.changed_at);

    let commanded = storage.act(&requeue(id, seen)).await;

    assert_eq!(commanded.expect("it answers"), Commanded::Done);
    let summary = stage.details(id).await.summary;
    assert_eq!(summary.state, State::Enqueued);
    assert_eq!(summary.reason.as_deref(), Some("Requeued by ada"));
    let log = storage.audit(None, 10).await.expect("the log is read");
    let deeds: Vec<Option<Deed>> = log.into_iter().map(|entry| Some(entry.deed)).collect();
    assert_eq!(deeds, [requeue(id, seen).deed]);
}

pub async fn a_job_that_has_changed_since_it_was_seen_is_left_alone(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.enqueue(job()).await;
    stage.run(id, failed("rain")).await;
    let seen = Some(stage.details(id).await.summary.changed_at);
    stage.command(id, Command::Requeue).await;
    stage.run(id, failed("more rain")).await;

    let commanded = storage.act(&requeue(id, seen)).await;
    let failed = Commanded::NotApplicable(State::Failed);
    assert_eq!(commanded.expect("it answers"), failed);
    assert_eq!(stage.state(id).await, State::Failed);
    let unknown = storage.act(&requeue(JobId::random(), seen)).await;
    assert_eq!(unknown.expect("it answers"), Commanded::NotFound);
    let log = storage.audit(None, 10).await.expect("the log is read");
    assert_eq!(log, [], "what changed nothing is not written down");
}

fn requeue(job: JobId, seen: Option<Timestamp>) -> Act {
    Act {
        job,
        seen,
        command: Command::Requeue,
        reason: "Requeued by ada".to_owned(),
        deed: Some(Deed {
            actor: "ada".to_owned(),
            action: "requeue".to_owned(),
            target: job.to_string(),
            reason: Some("the sun is out".to_owned()),
            jobs: 1,
        }),
    }
}
