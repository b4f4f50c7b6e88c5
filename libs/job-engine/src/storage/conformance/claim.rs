//! How jobs are given to servers.

use std::collections::HashSet;

use serde_json::json;

use super::stage::{Stage, fact, job, job_of, jobs};
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::{ClaimedJob, JobId, Outcome, ServerId, SharedStorage};

pub async fn a_claimed_job_is_processing(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let enqueued = job();
    stage.enqueue(enqueued.clone()).await;

    let claimed = stage.claim_one(server).await;

    assert_eq!(claimed.lease.job, enqueued.id);
    assert_eq!(claimed.kind, enqueued.kind);
    assert_eq!(claimed.queue, enqueued.queue);
    assert_eq!(claimed.attempt, 1);
    assert_eq!(claimed.abandoned, 0);
    let details = stage.details(enqueued.id).await;
    assert_eq!(details.summary.state, State::Processing);
    assert_eq!(details.summary.server, Some(server));
    assert_eq!(details.summary.attempts, 1);
    let entry = &details.history[1];
    assert_eq!(entry.state, State::Processing);
    assert_eq!(fact(entry, "ServerId"), Some(&json!(server.to_string())));
    assert_eq!(fact(entry, "Attempt"), Some(&json!(1)));
}

pub async fn a_claim_says_how_long_each_job_waited(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let plain = stage.enqueue(job()).await;
    let of_a_tenant = job().for_tenant("acme").expect("it is a name");
    let of_a_tenant = stage.enqueue(of_a_tenant).await;

    let mut claimed = stage.claim(server, 1).await;
    claimed.extend(stage.claim(server, 1).await);

    for id in [plain, of_a_tenant] {
        let history = stage.details(id).await.history;
        let [enqueued, processing] = history.as_slice() else {
            panic!("it was enqueued and claimed: {history:?}");
        };
        let waited = processing.at.duration_since(enqueued.at);
        let told = claimed.iter().find(|job| job.lease.job == id);
        let told = told.expect("both are claimed").waited;
        assert_eq!(told, waited.unsigned_abs());
    }
}

pub async fn the_oldest_job_goes_first(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let mut enqueued = ids(&jobs(3));
    for &id in &enqueued {
        stage.enqueue(NewJob { id, ..job() }).await;
    }
    let batch = jobs(3);
    stage.enqueue_all(&batch).await;
    enqueued.extend(ids(&batch));

    let claimed = stage.claim(server, 10).await;

    assert_eq!(claimed_ids(&claimed), enqueued);
}

pub async fn a_higher_priority_goes_first(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let low = stage.enqueue(job().with_priority(-5)).await;
    let normal = stage.enqueue(job()).await;
    let high = stage.enqueue(job().with_priority(5)).await;

    let claimed = stage.claim(server, 2).await;

    assert_eq!(claimed_ids(&claimed), [high, normal]);
    assert_eq!(stage.state(low).await, State::Enqueued);
}

pub async fn queues_are_served_in_the_given_order(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let mail = stage.enqueue(job().in_queue("mail").with_priority(9)).await;
    let slow = stage.enqueue(job().in_queue("slow")).await;
    let quick = stage.enqueue(job().in_queue("quick")).await;

    let claimed = stage
        .claim_of(server, &["slow", "quick", "mail"], &["send"], 10)
        .await;

    assert_eq!(claimed_ids(&claimed), [slow, quick, mail]);
}

pub async fn other_queues_are_left_alone(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let mail = stage.enqueue(job().in_queue("mail")).await;

    let claimed = stage.claim(server, 10).await;

    assert_eq!(claimed, []);
    assert_eq!(stage.claim_of(server, &[], &["send"], 10).await, []);
    assert_eq!(stage.state(mail).await, State::Enqueued);
}

pub async fn kinds_that_are_not_asked_for_stay_where_they_are(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let unknown: Vec<NewJob> = (0..5).map(|_| job_of("unknown")).collect();
    stage.enqueue_all(&unknown).await;
    let known = stage.enqueue(job()).await;

    let claimed = stage.claim(server, 3).await;

    assert_eq!(claimed_ids(&claimed), [known]);
    assert_eq!(stage.state(unknown[0].id).await, State::Enqueued);
    assert_eq!(stage.claim_of(server, &["default"], &[], 10).await, []);
}

pub async fn no_more_than_the_limit_is_claimed(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(5)).await;

    assert_eq!(stage.claim(server, 0).await, []);
    assert_eq!(stage.claim(server, 3).await.len(), 3);
    assert_eq!(stage.claim(server, 3).await.len(), 2);
}

pub async fn a_claimed_job_is_not_claimed_again(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (server, other) = (stage.server().await, stage.server().await);
    stage.enqueue(job()).await;

    stage.claim_one(server).await;

    assert_eq!(stage.claim(server, 10).await, []);
    assert_eq!(stage.claim(other, 10).await, []);
}

pub async fn each_claim_has_a_higher_epoch(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(job()).await;
    let mut last = i64::MIN;

    for _ in 0..3 {
        let claimed = stage.claim_one(server).await;

        assert!(claimed.lease.epoch > last);
        last = claimed.lease.epoch;
        let reason = "Handed back".to_owned();
        stage
            .accepted(claimed.lease, Outcome::Returned { reason })
            .await;
    }
}

pub async fn a_server_that_is_not_known_gets_nothing(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.enqueue(job()).await;

    let claimed = stage.claim(ServerId::random(), 10).await;

    assert_eq!(claimed, []);
    assert_eq!(stage.state(id).await, State::Enqueued);
}

pub async fn two_servers_share_the_jobs_without_overlap(storage: SharedStorage) {
    const JOBS: usize = 500;
    let stage = Stage::of(&storage);
    let (first, second) = (stage.server().await, stage.server().await);
    stage.enqueue_all(&jobs(JOBS)).await;

    let claimers = [first, first, second, second]
        .map(|server| tokio::spawn(claim_until_none_is_left(storage.clone(), server)));
    let mut claimed = Vec::new();
    for claimer in claimers {
        claimed.extend(claimer.await.expect("a claimer ends well"));
    }

    let distinct: HashSet<JobId> = claimed.iter().map(|job| job.lease.job).collect();
    assert_eq!(claimed.len(), JOBS);
    assert_eq!(distinct.len(), JOBS);
}

async fn claim_until_none_is_left(storage: SharedStorage, server: ServerId) -> Vec<ClaimedJob> {
    let stage = Stage::of(&storage);
    let mut all = Vec::new();
    while all.len() < 500 {
        let claimed = stage.claim(server, 7).await;
        let waiting = storage.counts().await.expect("jobs are counted").enqueued;
        if claimed.is_empty() && waiting == 0 {
            break;
        }
        all.extend(claimed);
    }
    all
}

fn ids(jobs: &[NewJob]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}

fn claimed_ids(jobs: &[ClaimedJob]) -> Vec<JobId> {
    jobs.iter().map(|job| job.lease.job).collect()
}
