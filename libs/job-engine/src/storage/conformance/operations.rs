//! What people do to many jobs, and what is written down of it.

use std::time::Duration;

use super::stage::{HOUR, Stage, failed, job, job_of, jobs};
use crate::state::State;
use crate::storage::{
    Command, Deed, JobQuery, NewOperation, Operation, OperationId, OperationStatus, Order,
    SharedStorage, Test,
};

/// Longer than any storage takes to wake who waits.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn all_that_match_are_commanded_in_pieces(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue_all(&jobs(25)).await;
    let other = stage.enqueue(job_of("print")).await;
    let id = begin(&storage, Command::Delete, sends()).await;

    assert_eq!(advance(&storage, 10).await, Some(10));
    let half_way = operation(&storage, id).await;
    assert_eq!(
        (half_way.done, half_way.status),
        (10, OperationStatus::Running)
    );
    while advance(&storage, 10).await.is_some() {}

    let over = operation(&storage, id).await;
    assert_eq!((over.done, over.skipped), (25, 0));
    assert_eq!(over.status, OperationStatus::Finished);
    assert!(
        over.ended_at
            .is_some_and(|ended_at| ended_at >= over.started_at)
    );
    assert_eq!(stage.state(other).await, State::Enqueued);
    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!((counts.deleted, counts.enqueued), (25, 1));
    assert_eq!(storage.operations(10).await.expect("listed"), [over]);
}

pub async fn a_long_operation_is_carried_out_to_its_end(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    // More than twice what any storage changes in one transaction.
    stage.enqueue_all(&jobs(4_500)).await;
    let id = begin(&storage, Command::Delete, sends()).await;

    while advance(&storage, 10_000).await.is_some() {}

    let over = operation(&storage, id).await;
    assert_eq!((over.done, over.skipped), (4_500, 0));
    assert_eq!(over.status, OperationStatus::Finished);
    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!((counts.deleted, counts.enqueued), (4_500, 0));
}

pub async fn a_commanded_job_says_why(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    stage.accepted(lease, failed("rain")).await;
    begin(&storage, Command::Requeue, sends()).await;

    advance(&storage, 10).await;

    let summary = stage.details(lease.job).await.summary;
    assert_eq!(summary.state, State::Enqueued);
    assert_eq!(
        summary.reason.as_deref(),
        Some("Asked by Ada: rain is over")
    );
    assert_eq!(summary.attempts, 0);
}

pub async fn jobs_that_change_after_it_began_are_left_alone(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let before = stage.enqueue(job()).await;
    let id = begin(&storage, Command::Delete, sends()).await;
    let after = stage.enqueue(job()).await;

    while advance(&storage, 10).await.is_some() {}

    assert_eq!(stage.state(before).await, State::Deleted);
    assert_eq!(stage.state(after).await, State::Enqueued);
    assert_eq!(operation(&storage, id).await.done, 1);
}

pub async fn a_command_that_does_not_apply_is_counted_as_skipped(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let waiting = stage.enqueue(job()).await;
    let late = stage.enqueue(job().after(HOUR)).await;
    let id = begin(&storage, Command::TriggerNow, sends()).await;

    while advance(&storage, 10).await.is_some() {}

    let over = operation(&storage, id).await;
    assert_eq!((over.done, over.skipped), (1, 1));
    assert_eq!(stage.state(waiting).await, State::Enqueued);
    assert_eq!(stage.state(late).await, State::Enqueued);
}

pub async fn a_stopped_operation_does_nothing_more(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue_all(&jobs(5)).await;
    let id = begin(&storage, Command::Delete, sends()).await;
    advance(&storage, 2).await;

    assert!(storage.stop_operation(id).await.expect("it is stopped"));

    assert_eq!(advance(&storage, 2).await, None);
    assert!(!storage.stop_operation(id).await.expect("it was stopped"));
    let stopped = operation(&storage, id).await;
    assert_eq!(
        (stopped.done, stopped.status),
        (2, OperationStatus::Stopped)
    );
    assert_eq!(storage.counts().await.expect("counted").enqueued, 3);
}

pub async fn every_state_can_be_commanded_at_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for state in State::ALL {
        stage.job_in(state).await;
    }
    let id = begin(&storage, Command::Requeue, JobQuery::default()).await;

    while advance(&storage, 4).await.is_some() {}

    let counts = storage.counts().await.expect("jobs are counted");
    // One of each, and the job that another awaits.
    assert_eq!(counts.enqueued, 8, "{counts:?}");
    let over = operation(&storage, id).await;
    assert_eq!((over.done, over.skipped), (7, 1));
}

pub async fn two_servers_advance_an_operation_without_overlap(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue_all(&jobs(60)).await;
    let id = begin(&storage, Command::Delete, sends()).await;
    let server = |storage: SharedStorage| {
        tokio::spawn(async move { while advance(&storage, 7).await.is_some() {} })
    };

    let (one, other) = (server(storage.clone()), server(storage.clone()));
    one.await.expect("it ends");
    other.await.expect("it ends");
    while advance(&storage, 7).await.is_some() {}

    let over = operation(&storage, id).await;
    assert_eq!((over.done, over.skipped), (60, 0));
    assert_eq!(storage.counts().await.expect("counted").deleted, 60);
}

pub async fn a_begun_operation_wakes_who_waits(storage: SharedStorage) {
    begin(&storage, Command::Delete, sends()).await;

    let woken = tokio::time::timeout(PATIENCE, storage.operation_begun()).await;

    assert!(woken.is_ok(), "the wake-up was lost");
}

pub async fn an_operation_that_is_ordered_wakes_who_waits(storage: SharedStorage) {
    let order = Order::BeginOperation(new(Command::Delete, sends()));
    let deed = Deed {
        actor: "ada@example.org".to_owned(),
        action: "delete".to_owned(),
        target: "kind:send".to_owned(),
        reason: None,
        jobs: 0,
    };
    let ordered = storage.carry_out(&order, &deed).await.expect("it begins");
    assert!(ordered.is_done());

    let woken = tokio::time::timeout(PATIENCE, storage.operation_begun()).await;

    assert!(woken.is_ok(), "the wake-up was lost");
}

fn sends() -> JobQuery {
    JobQuery {
        conditions: vec![Test::Kind(vec!["send".to_owned()]).holds()],
        ..JobQuery::default()
    }
}

async fn begin(storage: &SharedStorage, command: Command, query: JobQuery) -> OperationId {
    let new = new(command, query);
    storage.begin_operation(&new).await.expect("it begins");
    new.id
}

fn new(command: Command, query: JobQuery) -> NewOperation {
    NewOperation {
        id: OperationId::random(),
        command,
        query,
        words: "kind:send".to_owned(),
        actor: "ada@example.org".to_owned(),
        reason: "Asked by Ada: rain is over".to_owned(),
        total: 0,
    }
}

async fn advance(storage: &SharedStorage, limit: usize) -> Option<usize> {
    let advanced = storage.advance_operation(limit).await;
    advanced.expect("it goes on")
}

async fn operation(storage: &SharedStorage, id: OperationId) -> Operation {
    let found = storage.operation(id).await.expect("it is read");
    found.expect("it is stored")
}
