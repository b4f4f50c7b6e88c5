//! How finished jobs are removed.

use std::time::Duration;

use super::stage::{HOUR, Stage, failed, job, job_of, succeeded};
use crate::batch::Batch;
use crate::new_job::NewJob;
use crate::retention::Retention;
use crate::state::State;
use crate::storage::{Command, Commanded, JobId, SharedStorage};
use crate::unique::Unique;

const AT_ONCE: Retention = Retention::of(Duration::ZERO);

pub async fn finished_jobs_expire(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let succeeded = stage.job_in(State::Succeeded).await;
    let deleted = stage.job_in(State::Deleted).await;

    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 2);

    for id in [succeeded, deleted] {
        assert_eq!(storage.job(id).await.expect("jobs can be read"), None);
    }
    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 0);
}

pub async fn failed_jobs_never_expire(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let mut kept = Vec::new();
    for state in State::ALL.into_iter().filter(|state| !state.expires()) {
        kept.push((stage.job_in(state).await, state));
    }

    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 0);

    for (id, state) in kept {
        assert_eq!(stage.state(id).await, state);
    }
}

pub async fn finished_jobs_stay_for_their_retention(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.job_in(State::Succeeded).await;

    assert_eq!(remove_expired(&storage, HOUR, 100).await, 0);

    assert_eq!(stage.state(id).await, State::Succeeded);
}

pub async fn no_more_than_the_limit_is_removed(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for _ in 0..5 {
        stage.job_in(State::Deleted).await;
    }

    assert_eq!(remove_expired(&storage, Duration::ZERO, 3).await, 3);
    assert_eq!(remove_expired(&storage, Duration::ZERO, 3).await, 2);
}

pub async fn each_state_has_its_own_retention(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let succeeded = stage.job_in(State::Succeeded).await;
    let deleted = stage.job_in(State::Deleted).await;
    let retention = Retention {
        succeeded: HOUR,
        deleted: Duration::ZERO,
    };

    let removed = storage.remove_expired(retention, 100).await;

    assert_eq!(removed.expect("a job has expired"), 1);
    assert_eq!(stage.state(succeeded).await, State::Succeeded);
    assert!(is_gone(&storage, deleted).await);
}

pub async fn a_kind_has_its_own_retention(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let long = deleted_job(&stage, "invoice").await;
    let short = deleted_job(&stage, "ping").await;
    let other = deleted_job(&stage, "send").await;
    set_retention(&storage, "invoice", Some(Retention::of(HOUR * 48))).await;
    set_retention(&storage, "ping", Some(AT_ONCE)).await;

    assert_eq!(remove_expired(&storage, HOUR, 100).await, 1);

    assert!(is_gone(&storage, short).await);
    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 1);
    assert!(is_gone(&storage, other).await);
    assert_eq!(stage.state(long).await, State::Deleted);
}

pub async fn a_kind_without_a_retention_is_kept_as_all_others(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    deleted_job(&stage, "invoice").await;
    set_retention(&storage, "invoice", Some(Retention::of(HOUR))).await;
    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 0);

    set_retention(&storage, "invoice", None).await;

    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 1);
}

pub async fn jobs_that_are_kept_do_not_hide_those_that_expired(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    set_retention(&storage, "invoice", Some(Retention::of(HOUR))).await;
    for _ in 0..5 {
        deleted_job(&stage, "invoice").await;
    }
    let late = deleted_job(&stage, "send").await;

    assert_eq!(remove_expired(&storage, Duration::ZERO, 2).await, 1);

    assert!(is_gone(&storage, late).await);
}

pub async fn a_key_is_free_after_its_job_has_expired(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let first = keyed(Duration::ZERO);
    stage.enqueue(first.clone()).await;
    stage.run(first.id, succeeded()).await;
    let held = keyed(HOUR);
    let held = held.unique(Unique::by("for an hour").while_in([]).within(HOUR));
    let held = held.expect("it is a key");
    stage.enqueue(held.clone()).await;
    stage.run(held.id, succeeded()).await;

    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 2);

    stage.enqueue(keyed(HOUR)).await;
    let again = NewJob {
        id: JobId::random(),
        ..held.clone()
    };
    let duplicates = storage.enqueue(&[again]).await.expect("it is answered");
    assert_eq!(duplicates.first().map(|it| it.of), Some(held.id));
}

pub async fn a_batch_that_has_ended_expires(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let ended = Batch::of([job()]);
    stage.enqueue_all(&ended.jobs).await;
    stage.run(ended.jobs[0].id, succeeded()).await;
    let failing = Batch::of([job()]);
    stage.enqueue_all(&failing.jobs).await;
    stage.run(failing.jobs[0].id, failed("rain")).await;
    let open = Batch::of([job()]);
    stage.enqueue_all(&open.jobs).await;

    remove_expired(&storage, HOUR, 100).await;
    let before = storage.batch(ended.id).await.expect("it can be read");
    remove_expired(&storage, Duration::ZERO, 100).await;

    assert!(before.is_some());
    let batch = async |id| storage.batch(id).await.expect("it can be read");
    assert_eq!(batch(ended.id).await, None);
    assert!(batch(failing.id).await.is_some());
    assert!(batch(open.id).await.is_some());
}

async fn deleted_job(stage: &Stage, kind: &str) -> JobId {
    let id = stage.enqueue(job_of(kind)).await;
    assert_eq!(stage.command(id, Command::Delete).await, Commanded::Done);
    id
}

fn keyed(within: Duration) -> NewJob {
    let keyed = job().unique(Unique::by("key").within(within));
    keyed.expect("it is a key")
}

async fn is_gone(storage: &SharedStorage, id: JobId) -> bool {
    storage.job(id).await.expect("jobs can be read").is_none()
}

async fn set_retention(storage: &SharedStorage, kind: &str, retention: Option<Retention>) {
    let set = storage
        .set_retentions(&[(kind.to_owned(), retention)])
        .await;
    set.expect("the retention is set");
}

async fn remove_expired(storage: &SharedStorage, retention: Duration, limit: usize) -> usize {
    let removed = storage
        .remove_expired(Retention::of(retention), limit)
        .await;
    removed.expect("expired jobs are removed")
}
