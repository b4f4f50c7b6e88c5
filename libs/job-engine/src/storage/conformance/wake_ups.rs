//! How waiting workers learn that there is work.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::stage::{Stage, job, past_job};
use crate::state::State;
use crate::storage::{Command, SharedStorage};

/// Far longer than a wake-up takes: only a lost one makes a test wait so long.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn an_enqueued_job_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);

    wakes(&storage, stage.enqueue(job())).await;
}

pub async fn a_wake_up_before_the_wait_is_not_lost(storage: SharedStorage) {
    Stage::of(&storage).enqueue(job()).await;

    let woken = tokio::time::timeout(PATIENCE, storage.job_enqueued(0)).await;

    assert!(woken.is_ok(), "the wake-up was lost");
}

pub async fn everybody_who_waits_is_woken(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let seen = wake_ups(&storage).await;
    stage.enqueue(job()).await;

    for _ in 0..3 {
        let woken = tokio::time::timeout(PATIENCE, storage.job_enqueued(seen)).await;
        assert_ne!(woken.expect("it is woken"), seen);
    }
}

pub async fn an_announcement_wakes_who_waits(storage: SharedStorage) {
    wakes(&storage, async { storage.announce_enqueued() }).await;
}

pub async fn a_due_job_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue(past_job()).await;

    wakes(&storage, stage.enqueue_due()).await;
}

pub async fn a_requeued_job_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.job_in(State::Failed).await;

    wakes(&storage, stage.command(id, Command::Requeue)).await;
}

pub async fn a_rescued_job_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.held_job().await;

    wakes(&storage, storage.rescue(Duration::ZERO)).await;
}

pub async fn who_holds_a_job_learns_of_its_deletion(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;

    revokes(&storage, stage.command(lease.job, Command::Delete)).await;
}

pub async fn who_holds_a_job_learns_of_its_requeue(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;

    revokes(&storage, stage.command(lease.job, Command::Requeue)).await;
}

pub async fn who_is_taken_for_dead_learns_of_it(storage: SharedStorage) {
    Stage::of(&storage).held_job().await;

    revokes(&storage, storage.rescue(Duration::ZERO)).await;
}

/// Who holds a lease learns of the event, whether they waited when it happened or wait afterwards.
async fn revokes<T>(storage: &SharedStorage, event: impl Future<Output = T>) {
    let seen = revocations(storage).await;
    let waiting = tokio::spawn({
        let storage = storage.clone();
        async move { storage.leases_revoked(seen).await }
    });

    event.await;

    let during = tokio::time::timeout(PATIENCE, waiting).await;
    let during = during.expect("who waited learns of it");
    assert_ne!(during.expect("the wait ends well"), seen);
    let after = tokio::time::timeout(PATIENCE, storage.leases_revoked(seen)).await;
    assert_ne!(after.expect("who comes later learns of it"), seen);
}

/// What has been told up to now.
async fn revocations(storage: &SharedStorage) -> u64 {
    let mut seen = 0;
    let pause = Duration::from_millis(50);
    while let Ok(news) = tokio::time::timeout(pause, storage.leases_revoked(seen)).await {
        seen = news;
    }
    seen
}

/// The wait has begun before the event happens, and ends after it.
async fn wakes<T>(storage: &SharedStorage, event: impl Future<Output = T>) {
    let mut seen = wake_ups(storage).await;
    let mut wait = Box::pin(tokio::time::timeout(PATIENCE, storage.job_enqueued(seen)));
    while let Some(news) = poll_once(wait.as_mut()).await {
        // A hint too many is allowed, so it must not be taken for the one that is waited for.
        seen = news.expect("it came at once");
        wait.set(tokio::time::timeout(PATIENCE, storage.job_enqueued(seen)));
    }

    event.await;

    assert!(wait.await.is_ok(), "nobody was woken");
}

pub async fn a_resumed_queue_wakes_who_waits(storage: SharedStorage) {
    let paused = storage.pause_queue("default", "Ada", "").await;
    paused.expect("the queue is paused");

    wakes(&storage, async { storage.resume_queue("default").await }).await;
}

/// What has been told up to now.
pub(super) async fn wake_ups(storage: &SharedStorage) -> u64 {
    let mut seen = 0;
    let pause = Duration::from_millis(50);
    while let Ok(news) = tokio::time::timeout(pause, storage.job_enqueued(seen)).await {
        seen = news;
    }
    seen
}

/// The answer, if it needs no waiting.
async fn poll_once<T>(answer: impl Future<Output = T>) -> Option<T> {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        Poll::Ready(match answer.as_mut().poll(context) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        })
    })
    .await
}
