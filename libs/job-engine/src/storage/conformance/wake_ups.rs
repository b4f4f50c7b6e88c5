//! How waiting workers learn that there is work.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use super::stage::{Stage, job, past_job};
use crate::state::State;
use crate::storage::{Command, SharedStorage};

/// Far longer than a wake-up takes: only a lost one makes a test wait so long.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn an_enqueued_job_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    drain(&storage).await;

    wakes(&storage, stage.enqueue(job())).await;
}

pub async fn a_wake_up_before_the_wait_is_not_lost(storage: SharedStorage) {
    Stage::of(&storage).enqueue(job()).await;

    let woken = tokio::time::timeout(PATIENCE, storage.job_enqueued()).await;

    assert!(woken.is_ok(), "the wake-up was lost");
}

pub async fn an_announcement_wakes_who_waits(storage: SharedStorage) {
    drain(&storage).await;

    wakes(&storage, async { storage.announce_enqueued() }).await;
}

pub async fn a_due_job_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue(past_job()).await;
    drain(&storage).await;

    wakes(&storage, stage.enqueue_due()).await;
}

pub async fn a_requeued_job_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.job_in(State::Failed).await;
    drain(&storage).await;

    wakes(&storage, stage.command(id, Command::Requeue)).await;
}

pub async fn a_rescued_job_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.held_job().await;
    drain(&storage).await;

    wakes(&storage, storage.rescue(Duration::ZERO)).await;
}

/// The wait has begun before the event happens, and ends after it.
async fn wakes<T>(storage: &SharedStorage, event: impl Future<Output = T>) {
    let mut wait = Box::pin(tokio::time::timeout(PATIENCE, storage.job_enqueued()));
    while poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_ready())).await {
        // A hint too many is allowed, so it must not be taken for the one that is waited for.
        wait.set(tokio::time::timeout(PATIENCE, storage.job_enqueued()));
    }

    event.await;

    assert!(wait.await.is_ok(), "nobody was woken");
}

pub async fn a_resumed_queue_wakes_who_waits(storage: SharedStorage) {
    let paused = storage.pause_queue("default", "Ada", "").await;
    paused.expect("the queue is paused");
    drain(&storage).await;

    wakes(&storage, async { storage.resume_queue("default").await }).await;
}

/// Takes the wake-ups of what was stored before.
async fn drain(storage: &SharedStorage) {
    let pause = Duration::from_millis(50);
    while tokio::time::timeout(pause, storage.job_enqueued())
        .await
        .is_ok()
    {}
}
