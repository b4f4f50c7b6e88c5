//! Jobs that run after others.

use std::time::Duration;

use super::stage::{HOUR, Stage, after, failed, job, retry, succeeded};
use super::wake_ups::wake_ups;
use crate::continuation::ContinueOn;
use crate::state::State;
use crate::storage::{Command, Commanded, JobId, Outcome, SharedStorage, reasons};

pub async fn a_job_awaits_its_parent_and_runs_after_it(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = stage.enqueue(job()).await;
    let child = stage.enqueue(after([parent], ContinueOn::Success)).await;

    let waiting = stage.details(child).await;
    assert_eq!(waiting.summary.state, State::Awaiting);
    let reason = format!("Waits for the job {parent} to succeed");
    assert_eq!(waiting.summary.reason, Some(reason));
    assert_eq!(waiting.summary.due_at, None);
    let server = stage.server().await;
    let claimed = stage.claim(server, 10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].lease.job, parent);
    assert_eq!(
        storage.counts().await.expect("jobs are counted").awaiting,
        1
    );
    stage.accepted(claimed[0].lease, succeeded()).await;

    let lease = stage.claim_one(server).await.lease;
    assert_eq!(lease.job, child);
    stage.accepted(lease, succeeded()).await;
    let history = stage.details(child).await.history;
    let states: Vec<State> = history.iter().map(|entry| entry.state).collect();
    let expected = [
        State::Awaiting,
        State::Enqueued,
        State::Processing,
        State::Succeeded,
    ];
    assert_eq!(states, expected);
    let reason = history[1].reason.as_deref();
    assert_eq!(reason, Some(reasons::PARENTS_ENDED));
}

pub async fn a_job_awaits_all_its_parents(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let first = stage.enqueue(job()).await;
    let second = stage.enqueue(job()).await;
    let child = stage
        .enqueue(after([first, second], ContinueOn::Success))
        .await;

    stage.run(first, succeeded()).await;
    assert_eq!(stage.state(child).await, State::Awaiting);

    stage.run(second, succeeded()).await;
    assert_eq!(stage.state(child).await, State::Enqueued);
}

pub async fn a_job_waits_on_while_a_parent_rests_in_the_dead_letter_queue(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = stage.enqueue(job()).await;
    let child = stage.enqueue(after([parent], ContinueOn::Success)).await;

    stage.run(parent, failed("rain")).await;
    assert_eq!(stage.state(child).await, State::Awaiting);

    stage.command(parent, Command::Requeue).await;
    stage.run(parent, succeeded()).await;
    assert_eq!(stage.state(child).await, State::Enqueued);
}

pub async fn a_job_that_waits_for_any_end_runs_after_a_failure_and_after_a_deletion(
    storage: SharedStorage,
) {
    let stage = Stage::of(&storage);
    let fails = stage.enqueue(job()).await;
    let goes = stage.enqueue(job().after(HOUR)).await;
    let after_failure = stage.enqueue(after([fails], ContinueOn::AnyEnd)).await;
    let after_deletion = stage.enqueue(after([goes], ContinueOn::AnyEnd)).await;

    stage.run(fails, failed("rain")).await;
    stage.command(goes, Command::Delete).await;

    assert_eq!(stage.state(after_failure).await, State::Enqueued);
    assert_eq!(stage.state(after_deletion).await, State::Enqueued);
}

pub async fn a_job_is_deleted_when_its_condition_is_not_met(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let succeeds = stage.enqueue(job()).await;
    let goes = stage.enqueue(job().after(HOUR)).await;
    let child = stage
        .enqueue(after([succeeds, goes], ContinueOn::Success))
        .await;

    stage.command(goes, Command::Delete).await;

    let summary = stage.details(child).await.summary;
    assert_eq!(summary.state, State::Deleted);
    let reason = summary.reason.as_deref();
    assert_eq!(reason, Some("Continuation condition was not met"));
    stage.run(succeeds, succeeded()).await;
    assert_eq!(stage.states(child).await, [State::Awaiting, State::Deleted]);
}

pub async fn a_deletion_goes_down_the_whole_line(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let first = stage.enqueue(job()).await;
    let second = stage.enqueue(after([first], ContinueOn::Success)).await;
    let third = stage.enqueue(after([second], ContinueOn::Success)).await;
    let at_last = stage.enqueue(after([third], ContinueOn::AnyEnd)).await;

    stage.command(first, Command::Delete).await;

    assert_eq!(stage.state(second).await, State::Deleted);
    assert_eq!(stage.state(third).await, State::Deleted);
    assert_eq!(stage.state(at_last).await, State::Enqueued);
}

pub async fn a_parent_that_has_ended_is_not_waited_for(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = stage.job_in(State::Succeeded).await;
    let given_up = stage.job_in(State::Failed).await;

    let child = stage.enqueue(after([parent], ContinueOn::Success)).await;
    let any = stage.enqueue(after([given_up], ContinueOn::AnyEnd)).await;
    let waits = stage.enqueue(after([given_up], ContinueOn::Success)).await;

    assert_eq!(stage.state(child).await, State::Enqueued);
    assert_eq!(stage.state(any).await, State::Enqueued);
    assert_eq!(stage.state(waits).await, State::Awaiting);
}

pub async fn a_deleted_parent_deletes_who_comes_later(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = stage.job_in(State::Deleted).await;

    let child = stage.enqueue(after([parent], ContinueOn::Success)).await;

    assert_eq!(stage.state(child).await, State::Deleted);
}

pub async fn a_parent_in_the_same_batch_is_waited_for(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = job();
    let id = parent.id;
    let child = after([id], ContinueOn::Success);
    let child_id = child.id;

    stage.enqueue_all(&[parent, child]).await;
    assert_eq!(stage.state(child_id).await, State::Awaiting);

    stage.run(id, succeeded()).await;
    assert_eq!(stage.state(child_id).await, State::Enqueued);
}

pub async fn a_parent_that_runs_again_does_not_run_its_children_again(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = stage.enqueue(job().with_priority(1)).await;
    let child = stage.enqueue(after([parent], ContinueOn::AnyEnd)).await;
    stage.run(parent, failed("rain")).await;
    stage.run(child, succeeded()).await;

    stage.command(parent, Command::Requeue).await;
    stage.run(parent, succeeded()).await;
    stage.command(parent, Command::Delete).await;

    assert_eq!(stage.state(child).await, State::Succeeded);
}

pub async fn a_retried_parent_is_still_waited_for(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = stage.enqueue(job()).await;
    let child = stage.enqueue(after([parent], ContinueOn::Success)).await;

    stage.run(parent, retry("rain", HOUR)).await;
    assert_eq!(stage.state(child).await, State::Awaiting);
    stage.command(parent, Command::TriggerNow).await;
    stage.run(parent, succeeded()).await;

    assert_eq!(stage.state(child).await, State::Enqueued);
}

pub async fn a_delay_counts_from_the_end_of_the_parents(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = stage.enqueue(job()).await;
    let later = stage
        .enqueue(after([parent], ContinueOn::Success).after(HOUR))
        .await;
    let due = stage
        .enqueue(after([parent], ContinueOn::Success).after(Duration::ZERO))
        .await;
    assert_eq!(stage.enqueue_due().await, 0);

    stage.run(parent, succeeded()).await;

    let summary = stage.details(later).await.summary;
    assert_eq!(summary.state, State::Scheduled);
    let ended_at = stage.details(parent).await.summary.changed_at;
    assert!(
        summary
            .due_at
            .is_some_and(|due_at| due_at >= ended_at + HOUR)
    );
    assert_eq!(stage.enqueue_due().await, 1);
    let states = [State::Awaiting, State::Scheduled, State::Enqueued];
    assert_eq!(stage.states(due).await, states);
}

pub async fn a_person_can_run_or_delete_a_job_that_awaits_others(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = stage.enqueue(job().after(HOUR)).await;
    let run = stage.enqueue(after([parent], ContinueOn::Success)).await;
    let gone = stage.enqueue(after([parent], ContinueOn::Success)).await;

    assert_eq!(stage.command(run, Command::Requeue).await, Commanded::Done);
    assert_eq!(stage.command(gone, Command::Delete).await, Commanded::Done);
    stage.run(run, succeeded()).await;
    stage.command(parent, Command::TriggerNow).await;
    stage.run(parent, succeeded()).await;

    assert_eq!(stage.state(run).await, State::Succeeded);
    assert_eq!(stage.state(gone).await, State::Deleted);
}

pub async fn an_unknown_parent_is_refused(storage: SharedStorage) {
    let unknown = JobId::random();
    let child = after([unknown], ContinueOn::Success);
    let (plain, id) = (job(), child.id);

    let refused = storage.enqueue(&[plain.clone(), child]).await;

    let message = refused.expect_err("nobody knows the parent").to_string();
    assert!(
        message.contains(&format!("no job or batch {unknown}")),
        "{message}"
    );
    for id in [plain.id, id] {
        assert_eq!(storage.job(id).await.expect("jobs can be read"), None);
    }
}

pub async fn a_job_that_would_wait_for_itself_is_refused(storage: SharedStorage) {
    let first = job();
    let second = after([first.id], ContinueOn::Success);
    let first = first.continuing([second.id], ContinueOn::Success);
    let first = first.expect("it has a parent");

    assert!(storage.enqueue(&[first, second]).await.is_err());

    assert_eq!(
        storage.counts().await.expect("jobs are counted").awaiting,
        0
    );
}

pub async fn parents_that_end_at_the_same_time_release_a_job_once(storage: SharedStorage) {
    const PARENTS: usize = 24;
    let stage = Stage::of(&storage);
    let mut parents = Vec::new();
    for _ in 0..PARENTS {
        parents.push(stage.enqueue(job()).await);
    }
    let child = stage.enqueue(after(parents, ContinueOn::Success)).await;
    let server = stage.server().await;
    let claimed = stage.claim(server, PARENTS).await;

    let ends = claimed.into_iter().map(|claimed| {
        let stage = Stage::of(&storage);
        tokio::spawn(async move { stage.accepted(claimed.lease, succeeded()).await })
    });
    for end in ends.collect::<Vec<_>>() {
        end.await.expect("a parent ends");
    }

    assert_eq!(
        stage.states(child).await,
        [State::Awaiting, State::Enqueued]
    );
}

pub async fn a_child_that_is_added_while_its_parent_ends_runs_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for _ in 0..20 {
        let lease = stage.held_job().await;
        let child = after([lease.job], ContinueOn::Success);
        let id = child.id;
        let (ending, adding) = (Stage::of(&storage), Stage::of(&storage));

        let end = tokio::spawn(async move { ending.accepted(lease, succeeded()).await });
        let add = tokio::spawn(async move { adding.enqueue(child).await });
        end.await.expect("the parent ends");
        add.await.expect("the child is added");

        assert_eq!(stage.states(id).await, [State::Awaiting, State::Enqueued]);
        let reason = "It was there".to_owned();
        stage
            .run(
                id,
                Outcome::Snoozed {
                    delay: HOUR,
                    reason,
                },
            )
            .await;
    }
}

pub async fn a_released_job_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    stage.enqueue(after([lease.job], ContinueOn::Success)).await;
    let seen = wake_ups(&storage).await;
    let waiting = tokio::spawn({
        let storage = storage.clone();
        async move { storage.job_enqueued(seen).await }
    });

    stage.accepted(lease, succeeded()).await;

    let woken = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    woken
        .expect("somebody is woken")
        .expect("the wait ends well");
}
