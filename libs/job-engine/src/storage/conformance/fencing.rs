//! How a lease that is no longer valid changes nothing.

use std::time::Duration;

use super::stage::{Stage, job, outcomes, succeeded};
use crate::storage::{Command, JobId, Lease, Outcome, Settled, SharedStorage};

pub async fn a_lease_is_worth_one_settlement(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for outcome in outcomes() {
        let lease = stage.held_job().await;
        stage.accepted(lease, outcome).await;

        assert_worthless(&stage, lease).await;
    }
}

pub async fn a_lease_of_an_earlier_claim_changes_nothing(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(job()).await;
    let earlier = stage.claim_one(server).await.lease;
    let reason = "Handed back".to_owned();
    stage.accepted(earlier, Outcome::Returned { reason }).await;
    let later = stage.claim_one(server).await.lease;

    assert_worthless(&stage, earlier).await;

    stage.accepted(later, succeeded()).await;
}

pub async fn a_lease_is_stale_after_a_rescue(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    let rescued = storage.rescue(Duration::ZERO).await.expect("it is rescued");
    assert_eq!(rescued.jobs, [lease.job]);

    assert_worthless(&stage, lease).await;
}

pub async fn a_lease_is_stale_after_a_requeue(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    stage.command(lease.job, Command::Requeue).await;

    assert_worthless(&stage, lease).await;

    let server = stage.server().await;
    let again = stage.claim_one(server).await.lease;
    assert!(again.epoch > lease.epoch);
    assert_worthless(&stage, lease).await;
}

pub async fn a_lease_is_stale_after_a_deletion(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    stage.command(lease.job, Command::Delete).await;

    assert_worthless(&stage, lease).await;
}

pub async fn a_lease_of_an_unknown_job_is_stale(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let job = JobId::random();

    let settled = stage.settle(Lease { job, epoch: 1 }, succeeded()).await;

    assert_eq!(settled, Settled::Stale);
}

/// Every way in which the lease could be used leaves the job as it is.
async fn assert_worthless(stage: &Stage, lease: Lease) {
    let before = stage.details(lease.job).await;

    for outcome in outcomes() {
        assert_eq!(stage.settle(lease, outcome).await, Settled::Stale);
    }

    assert_eq!(stage.details(lease.job).await, before);
}
