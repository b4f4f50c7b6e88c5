//! Jobs of which there is one at a time.

use std::collections::HashSet;
use std::time::Duration;

use super::stage::{HOUR, Stage, failed, job, job_of, retry, succeeded};
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::{JobId, SharedStorage, reasons};
use crate::unique::{Duplicate, Unique};

pub async fn a_second_job_under_a_key_is_told_the_first(storage: SharedStorage) {
    let first = by("invoice-17");
    let second = by("invoice-17");

    let of_first = enqueue(&storage, std::slice::from_ref(&first)).await;
    let of_second = enqueue(&storage, std::slice::from_ref(&second)).await;

    assert_eq!(of_first, []);
    let duplicate = Duplicate {
        job: second.id,
        of: first.id,
    };
    assert_eq!(of_second, [duplicate]);
    assert_eq!(
        storage.job(second.id).await.expect("jobs can be read"),
        None
    );
    assert_eq!(enqueue(&storage, &[by("invoice-18")]).await, []);
}

pub async fn a_job_that_is_enqueued_again_while_it_holds_its_key_is_its_own_duplicate(
    storage: SharedStorage,
) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let job = by("invoice-17");
    enqueue(&storage, std::slice::from_ref(&job)).await;

    let again = enqueue(&storage, std::slice::from_ref(&job)).await;

    let (job_id, of) = (job.id, job.id);
    assert_eq!(again, [Duplicate { job: job_id, of }]);
    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, succeeded()).await;
    let known = storage.enqueue(&[job]).await;
    assert!(known.is_err(), "{known:?}");
}

pub async fn a_key_belongs_to_a_kind(storage: SharedStorage) {
    let other = job_of("print").unique(Unique::by("invoice-17"));

    enqueue(&storage, &[by("invoice-17")]).await;
    let duplicates = enqueue(&storage, &[other.expect("it is a key")]).await;

    assert_eq!(duplicates, []);
}

pub async fn a_key_is_free_when_its_job_has_ended(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let first = by("invoice-17");
    enqueue(&storage, std::slice::from_ref(&first)).await;
    stage.run(first.id, failed("rain")).await;

    let second = by("invoice-17");
    let duplicates = enqueue(&storage, std::slice::from_ref(&second)).await;

    assert_eq!(duplicates, []);
    assert_eq!(stage.state(second.id).await, State::Enqueued);
}

pub async fn a_key_is_held_in_the_given_states(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let key = || Unique::by("invoice-17").while_in([State::Enqueued, State::Succeeded]);
    let server = stage.server().await;
    let first = held_by(key());
    enqueue(&storage, std::slice::from_ref(&first)).await;
    let lease = stage.claim_one(server).await.lease;

    let second = held_by(key());
    assert_eq!(enqueue(&storage, std::slice::from_ref(&second)).await, []);
    stage.accepted(lease, succeeded()).await;
    stage.run(second.id, succeeded()).await;
    let third = held_by(key());
    let duplicates = enqueue(&storage, std::slice::from_ref(&third)).await;

    assert_eq!(
        duplicates,
        [Duplicate {
            job: third.id,
            of: second.id
        }]
    );
}

pub async fn a_key_is_held_for_a_time(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let hour = held_by(Unique::by("hour").while_in([]).within(HOUR));
    let moment = held_by(Unique::by("moment").while_in([]).within(Duration::ZERO));
    enqueue(&storage, &[hour.clone(), moment.clone()]).await;
    stage.run(hour.id, succeeded()).await;

    let again = by("hour");
    let of_hour = enqueue(&storage, std::slice::from_ref(&again)).await;
    let of_moment = enqueue(&storage, &[by("moment")]).await;

    assert_eq!(
        of_hour,
        [Duplicate {
            job: again.id,
            of: hour.id
        }]
    );
    assert_eq!(of_moment, []);
}

pub async fn a_key_is_held_while_its_job_is_tried_again(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let first = by("invoice-17");
    enqueue(&storage, std::slice::from_ref(&first)).await;
    stage.run(first.id, retry("rain", HOUR)).await;

    let second = by("invoice-17");
    let duplicates = enqueue(&storage, std::slice::from_ref(&second)).await;

    assert_eq!(
        duplicates,
        [Duplicate {
            job: second.id,
            of: first.id
        }]
    );
}

pub async fn a_job_that_waits_is_replaced(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let first = by("invoice-17").after(HOUR);
    enqueue(&storage, std::slice::from_ref(&first)).await;

    let second = held_by(Unique::by("invoice-17").replacing());
    let duplicates = enqueue(&storage, std::slice::from_ref(&second)).await;

    assert_eq!(duplicates, []);
    assert_eq!(stage.state(second.id).await, State::Enqueued);
    let replaced = stage.details(first.id).await.summary;
    assert_eq!(replaced.state, State::Deleted);
    assert_eq!(replaced.reason.as_deref(), Some(reasons::REPLACED));
    let third = by("invoice-17");
    let duplicates = enqueue(&storage, std::slice::from_ref(&third)).await;
    assert_eq!(
        duplicates,
        [Duplicate {
            job: third.id,
            of: second.id
        }]
    );
}

pub async fn a_job_that_runs_is_not_replaced(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let first = by("invoice-17");
    enqueue(&storage, std::slice::from_ref(&first)).await;
    stage.claim_one(server).await;

    let second = held_by(Unique::by("invoice-17").replacing());
    let duplicates = enqueue(&storage, std::slice::from_ref(&second)).await;

    assert_eq!(
        duplicates,
        [Duplicate {
            job: second.id,
            of: first.id
        }]
    );
    assert_eq!(stage.state(first.id).await, State::Processing);
}

pub async fn the_first_of_a_batch_gets_the_key(storage: SharedStorage) {
    let jobs = [by("a"), by("a"), by("b")];

    let duplicates = enqueue(&storage, &jobs).await;

    let duplicate = Duplicate {
        job: jobs[1].id,
        of: jobs[0].id,
    };
    assert_eq!(duplicates, [duplicate]);
    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!(counts.enqueued, 2);
}

pub async fn the_others_of_a_batch_are_stored_all_the_same(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let first = by("a");
    enqueue(&storage, std::slice::from_ref(&first)).await;
    let (plain, second) = (job(), by("a"));

    let duplicates = enqueue(&storage, &[plain.clone(), second.clone()]).await;

    assert_eq!(
        duplicates,
        [Duplicate {
            job: second.id,
            of: first.id
        }]
    );
    assert_eq!(stage.state(plain.id).await, State::Enqueued);
}

pub async fn many_at_once_under_one_key_store_one(storage: SharedStorage) {
    let stored = at_once(&storage, 32, || by("invoice-17")).await;

    let holders: HashSet<JobId> = stored.iter().map(|(_, holder)| *holder).collect();
    assert_eq!(holders.len(), 1);
    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!(counts.enqueued, 1);
}

pub async fn many_at_once_that_replace_each_other_leave_one(storage: SharedStorage) {
    let stored = at_once(&storage, 16, || held_by(Unique::by("a").replacing())).await;

    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!(counts.enqueued, 1);
    let replaced = stored.iter().filter(|(job, holder)| job == holder).count() - 1;
    assert_eq!(counts.deleted, replaced as u64);
}

/// What each job that was enqueued at the same time was told: itself, or who holds its key.
async fn at_once(
    storage: &SharedStorage,
    count: usize,
    job: impl Fn() -> NewJob,
) -> Vec<(JobId, JobId)> {
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (storage, job) = (storage.clone(), job());
            tokio::spawn(async move {
                let duplicates = enqueue(&storage, std::slice::from_ref(&job)).await;
                (job.id, duplicates.first().map_or(job.id, |it| it.of))
            })
        })
        .collect();
    let mut told = Vec::new();
    for task in tasks {
        told.push(task.await.expect("a job is enqueued or is a duplicate"));
    }
    told
}

fn by(key: &str) -> NewJob {
    held_by(Unique::by(key))
}

fn held_by(unique: Unique) -> NewJob {
    job().unique(unique).expect("it is a key")
}

async fn enqueue(storage: &SharedStorage, jobs: &[NewJob]) -> Vec<Duplicate> {
    let duplicates = storage.enqueue(jobs).await;
    duplicates.expect("the jobs are stored or are duplicates")
}
