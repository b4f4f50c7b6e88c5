//! Many jobs as one thing.

use std::time::Duration;

use super::stage::{Stage, after, failed, job, succeeded};
use crate::batch::{Batch, BatchId};
use crate::continuation::{ContinueOn, Parent};
use crate::new_job::NewJob;
use crate::retention::Retention;
use crate::state::State;
use crate::storage::{BatchProgress, Command, JobId, SharedStorage};

pub async fn a_batch_counts_its_jobs_as_they_end(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 4).await;

    stage.run(ids[0], succeeded()).await;
    stage.run(ids[1], failed("rain")).await;
    stage.command(ids[2], Command::Delete).await;

    let progress = progress(&storage, batch).await;
    assert_eq!(progress.jobs, 4);
    let ended = (progress.succeeded, progress.failed, progress.deleted);
    assert_eq!(ended, (1, 1, 1));
    assert_eq!(progress.pending(), 1);
    assert_eq!((progress.end(), progress.ended_at), (None, None));
}

pub async fn a_batch_that_is_not_there_has_no_progress(storage: SharedStorage) {
    let unknown = storage.batch(BatchId::random()).await;

    assert_eq!(unknown.expect("batches can be read"), None);
}

pub async fn a_batch_is_continued_when_all_its_jobs_succeeded(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 2).await;
    let then = stage.enqueue(after([batch], ContinueOn::Success)).await;

    stage.run(ids[0], succeeded()).await;
    assert_eq!(stage.state(then).await, State::Awaiting);
    stage.run(ids[1], succeeded()).await;

    assert_eq!(stage.state(then).await, State::Enqueued);
    let progress = progress(&storage, batch).await;
    assert_eq!(progress.end(), Some(State::Succeeded));
    assert!(progress.ended_at.is_some());
    let late = stage.enqueue(after([batch], ContinueOn::Success)).await;
    assert_eq!(stage.state(late).await, State::Enqueued);
}

pub async fn a_batch_with_a_failed_job_is_continued_when_that_succeeds(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 1).await;
    let then = stage.enqueue(after([batch], ContinueOn::Success)).await;

    stage.run(ids[0], failed("rain")).await;
    assert_eq!(stage.state(then).await, State::Awaiting);
    assert_eq!(progress(&storage, batch).await.end(), Some(State::Failed));
    stage.command(ids[0], Command::Requeue).await;
    stage.run(ids[0], succeeded()).await;

    assert_eq!(stage.state(then).await, State::Enqueued);
}

pub async fn a_batch_is_continued_on_any_end_when_all_its_jobs_have_ended(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 2).await;
    let then = stage.enqueue(after([batch], ContinueOn::AnyEnd)).await;

    stage.command(ids[0], Command::Delete).await;
    assert_eq!(stage.state(then).await, State::Awaiting);
    stage.run(ids[1], failed("rain")).await;

    assert_eq!(stage.state(then).await, State::Enqueued);
}

pub async fn a_batch_with_a_deleted_job_deletes_what_continues_its_success(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 1).await;
    let then = stage.enqueue(after([batch], ContinueOn::Success)).await;

    stage.command(ids[0], Command::Delete).await;

    assert_eq!(stage.state(then).await, State::Deleted);
}

pub async fn a_running_job_adds_others_to_its_batch(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 1).await;
    let then = stage.enqueue(after([batch], ContinueOn::Success)).await;
    let server = stage.server().await;
    let running = stage.claim_one(server).await;
    assert_eq!(running.lease.job, ids[0]);

    let added = stage.enqueue(job().in_batch(batch)).await;
    stage.accepted(running.lease, succeeded()).await;
    assert_eq!(stage.state(then).await, State::Awaiting);
    stage.run(added, succeeded()).await;

    assert_eq!(stage.state(then).await, State::Enqueued);
    assert_eq!(progress(&storage, batch).await.jobs, 2);
}

pub async fn a_batch_that_has_ended_takes_no_more_jobs(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 1).await;
    stage.run(ids[0], succeeded()).await;
    let late = job().in_batch(batch);

    let refused = storage.enqueue(std::slice::from_ref(&late)).await;

    let message = refused.expect_err("the batch has ended").to_string();
    assert!(message.contains("has ended"), "{message}");
    assert_eq!(storage.job(late.id).await.expect("jobs can be read"), None);
}

pub async fn a_requeued_job_opens_its_batch_again(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 1).await;
    stage.run(ids[0], failed("rain")).await;
    assert!(progress(&storage, batch).await.ended_at.is_some());

    stage.command(ids[0], Command::Requeue).await;

    let open = progress(&storage, batch).await;
    assert_eq!((open.pending(), open.failed), (1, 0));
    assert_eq!(open.ended_at, None);
}

pub async fn a_large_batch_that_ends_all_at_once_is_continued_once(storage: SharedStorage) {
    const JOBS: usize = 400;
    let stage = Stage::of(&storage);
    let batch = Batch::of((0..JOBS).map(|_| job()));
    let id = batch.id;
    let then = job();
    let then_id = then.id;
    let batch = batch.then(then, ContinueOn::Success);
    stage
        .enqueue_all(&batch.expect("it continues one").jobs)
        .await;
    let server = stage.server().await;
    let claimed = stage.claim(server, JOBS).await;
    assert_eq!(claimed.len(), JOBS);

    let ends = claimed.chunks(50).map(|chunk| {
        let stage = Stage::of(&storage);
        let leases: Vec<_> = chunk.iter().map(|claimed| claimed.lease).collect();
        tokio::spawn(async move {
            for lease in leases {
                stage.accepted(lease, succeeded()).await;
            }
        })
    });
    for end in ends.collect::<Vec<_>>() {
        end.await.expect("the jobs end");
    }

    let progress = progress(&storage, id).await;
    assert_eq!((progress.jobs, progress.succeeded), (400, 400));
    assert_eq!(
        stage.states(then_id).await,
        [State::Awaiting, State::Enqueued]
    );
}

pub async fn a_claimed_job_knows_its_batch(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 1).await;
    let server = stage.server().await;

    let claimed = stage.claim_one(server).await;

    assert_eq!(claimed.batch, Some(batch));
    assert_eq!(stage.details(ids[0]).await.summary.batch, Some(batch));
}

pub async fn the_newest_batches_are_listed_first(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (first, _) = batch_of(&stage, 1).await;
    let (second, ids) = batch_of(&stage, 2).await;
    stage.run(ids[0], succeeded()).await;
    let (third, _) = batch_of(&stage, 1).await;

    let newest = storage.batches(None, 2).await.expect("batches can be read");
    let older = storage.batches(Some(second), 9).await;

    let ids: Vec<BatchId> = newest.iter().map(|batch| batch.id).collect();
    assert_eq!(ids, [third, second]);
    assert_eq!(newest[1], progress(&storage, second).await);
    let older = older.expect("batches can be read");
    assert_eq!(older, [progress(&storage, first).await]);
}

pub async fn who_continues_whom_is_told_while_they_are_stored(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (batch, ids) = batch_of(&stage, 1).await;
    let job = stage.enqueue(job()).await;
    let on_both = after(
        [Parent::Batch(batch), Parent::Job(job)],
        ContinueOn::Success,
    );
    let child = stage.enqueue(on_both).await;
    let mut continued = vec![Parent::Batch(batch), Parent::Job(job)];
    continued.sort_unstable_by_key(|parent| parent.id());
    assert_eq!(parents(&storage, child).await, continued);

    for ended in [ids[0], job, child] {
        stage.run(ended, succeeded()).await;
    }

    assert_eq!(parents(&storage, child).await, continued);
    assert_eq!(children(&storage, Parent::Job(job)).await, [child]);
    assert_eq!(children(&storage, Parent::Batch(batch)).await, [child]);
    let at_once = Retention::of(Duration::ZERO);
    while storage.remove_expired(at_once, 10).await.expect("removed") > 0 {}
    assert_eq!(parents(&storage, child).await, []);
    assert_eq!(children(&storage, Parent::Job(job)).await, []);
}

async fn parents(storage: &SharedStorage, job: JobId) -> Vec<Parent> {
    let parents = storage.parents(job, 10).await;
    parents.expect("parents can be read")
}

async fn children(storage: &SharedStorage, parent: Parent) -> Vec<JobId> {
    let children = storage.children(parent, 10).await;
    children.expect("children can be read")
}

async fn batch_of(stage: &Stage, count: usize) -> (BatchId, Vec<JobId>) {
    let batch = Batch::of((0..count).map(|_| job()));
    stage.enqueue_all(&batch.jobs).await;
    let ids = batch.jobs.iter().map(|job: &NewJob| job.id).collect();
    (batch.id, ids)
}

async fn progress(storage: &SharedStorage, batch: BatchId) -> BatchProgress {
    let progress = storage.batch(batch).await.expect("batches can be read");
    progress.expect("the batch is there")
}
