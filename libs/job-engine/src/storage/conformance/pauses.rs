//! Queues that stand still.

use super::stage::{Stage, job, succeeded};
use crate::state::State;
use crate::storage::{QueueSummary, SharedStorage};

pub async fn a_paused_queue_gives_nothing(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(job()).await;

    pause(&storage, "default").await;

    assert_eq!(stage.claim(server, 10).await, []);
    assert_eq!(stage.state(id).await, State::Enqueued);
}

pub async fn other_queues_go_on_beside_a_paused_one(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(job()).await;
    let mail = stage.enqueue(job().in_queue("mail")).await;

    pause(&storage, "default").await;

    let claimed = stage
        .claim_of(server, &["default", "mail"], &["send"], 10)
        .await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].lease.job, mail);
}

pub async fn running_jobs_of_a_paused_queue_go_on(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;

    pause(&storage, "default").await;

    stage.accepted(lease, succeeded()).await;
    assert_eq!(stage.state(lease.job).await, State::Succeeded);
}

pub async fn a_resumed_queue_goes_on(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    pause(&storage, "default").await;
    let id = stage.enqueue(job()).await;

    let was_paused = storage.resume_queue("default").await;

    assert!(was_paused.expect("the queue is resumed"));
    assert_eq!(stage.claim_one(server).await.lease.job, id);
    assert_eq!(queue(&storage, "default").await.paused, None);
}

pub async fn a_pause_says_who_why_and_since_when(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let first = stage.enqueue(job()).await;
    let paused = storage.pause_queue("default", "Ada \u{0} 🦀", "The provider's down");
    paused.await.expect("the queue is paused");
    let second = stage.enqueue(job()).await;

    let pause = queue(&storage, "default").await.paused;

    let pause = pause.expect("it is paused");
    assert!(pause.by.starts_with("Ada ") && pause.by.ends_with('🦀'));
    assert_eq!(pause.reason, "The provider's down");
    assert!(stage.details(first).await.summary.created_at <= pause.since);
    assert!(stage.details(second).await.summary.created_at >= pause.since);
}

pub async fn a_queue_can_be_paused_before_its_first_job(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;

    pause(&storage, "default").await;

    assert!(queue(&storage, "default").await.paused.is_some());
    stage.enqueue(job()).await;
    assert_eq!(stage.claim(server, 10).await, []);
}

pub async fn pausing_and_resuming_twice_is_harmless(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue(job()).await;
    pause(&storage, "default").await;
    let since = queue(&storage, "default").await.paused.map(|at| at.since);

    let again = storage.pause_queue("default", "Grace", "Still down").await;

    again.expect("the queue stays paused");
    let pause = queue(&storage, "default").await.paused;
    let pause = pause.expect("it is paused");
    assert_eq!(pause.by, "Grace");
    assert_eq!(pause.reason, "Still down");
    assert_eq!(Some(pause.since), since);
    let resumed = storage.resume_queue("default").await;
    assert!(resumed.expect("the queue is resumed"));
    let resumed = storage.resume_queue("default").await;
    assert!(!resumed.expect("there is nothing to resume"));
}

async fn pause(storage: &SharedStorage, queue: &str) {
    let paused = storage.pause_queue(queue, "Ada", "Maintenance").await;
    paused.expect("the queue is paused");
}

async fn queue(storage: &SharedStorage, name: &str) -> QueueSummary {
    let queues = storage.queues().await.expect("queues are listed");
    let found = queues.into_iter().find(|queue| queue.name == name);
    found.expect("the queue is listed")
}
