//! Fair shares between tenants.

use super::stage::{Stage, job, job_of, jobs, succeeded};
use crate::new_job::NewJob;
use crate::storage::{ClaimedJob, SharedStorage};

pub async fn a_flood_of_one_tenant_does_not_delay_the_first_job_of_another(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    for _ in 0..20 {
        stage.enqueue_all(&jobs_for("acme", 5000)).await;
    }
    stage.claim(server, 20).await;

    let first = stage.enqueue(of(job(), "zeta")).await;
    let claimed = stage.claim(server, 20).await;

    assert_eq!(claimed.len(), 20);
    assert!(claimed.iter().any(|job| job.lease.job == first));
}

pub async fn tenants_take_turns(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs_for("acme", 9)).await;
    stage.enqueue_all(&jobs_for("beta", 2)).await;
    stage.enqueue_all(&jobs_for("zeta", 5)).await;

    let claimed = stage.claim(server, 8).await;

    let by_tenant = ["acme", "beta", "zeta"].map(|tenant| count(&claimed, Some(tenant)));
    assert_eq!(by_tenant, [3, 2, 3]);
}

pub async fn a_turn_goes_on_where_the_claim_before_it_ended(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    for tenant in ["acme", "beta", "zeta"] {
        stage.enqueue_all(&jobs_for(tenant, 10)).await;
    }

    let mut claimed = Vec::new();
    for _ in 0..6 {
        claimed.extend(stage.claim(server, 1).await);
    }

    let by_tenant = ["acme", "beta", "zeta"].map(|tenant| count(&claimed, Some(tenant)));
    assert_eq!(by_tenant, [2, 2, 2]);
}

pub async fn a_claim_in_vain_leaves_the_turn_where_it_was(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs_for("beta", 1)).await;
    assert_eq!(count(&stage.claim(server, 1).await, Some("beta")), 1);
    assert_eq!(stage.claim(server, 1).await.len(), 0);

    for tenant in ["acme", "zeta"] {
        stage.enqueue_all(&jobs_for(tenant, 1)).await;
    }

    assert_eq!(count(&stage.claim(server, 1).await, Some("zeta")), 1);
}

pub async fn a_turn_is_over_when_jobs_of_nobody_ran_alone(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs_for("acme", 1)).await;
    assert_eq!(count(&stage.claim(server, 1).await, Some("acme")), 1);
    stage.enqueue_all(&jobs(1)).await;
    assert_eq!(count(&stage.claim(server, 1).await, None), 1);

    stage.enqueue_all(&jobs(1)).await;
    stage.enqueue_all(&jobs_for("acme", 1)).await;

    assert_eq!(count(&stage.claim(server, 1).await, Some("acme")), 1);
}

pub async fn jobs_of_nobody_take_turns_like_those_of_a_tenant(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(10)).await;
    stage.enqueue_all(&jobs_for("acme", 10)).await;

    let claimed = stage.claim(server, 6).await;

    assert_eq!(count(&claimed, None), 3);
    assert_eq!(count(&claimed, Some("acme")), 3);
}

pub async fn a_priority_counts_within_its_tenant(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs_for("acme", 3)).await;
    let urgent = stage.enqueue(of(job().with_priority(9), "acme")).await;
    let patient = stage.enqueue(of(job().with_priority(-9), "beta")).await;

    let claimed = stage.claim(server, 2).await;

    let ids: Vec<_> = claimed.iter().map(|job| job.lease.job).collect();
    assert!(ids.contains(&urgent) && ids.contains(&patient), "{ids:?}");
}

pub async fn a_tenant_with_many_jobs_fills_what_others_leave(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs_for("acme", 100)).await;
    for tenant in 0..9 {
        stage
            .enqueue_all(&jobs_for(&format!("small-{tenant}"), 1))
            .await;
    }

    let mut claimed = stage.claim(server, 60).await;
    assert!(claimed.len() > 20, "{}", claimed.len());
    claimed.extend(stage.claim(server, 60 - claimed.len()).await);

    assert_eq!(claimed.len(), 60);
    assert_eq!(count(&claimed, Some("acme")), 51);
}

pub async fn jobs_of_tenants_with_keys_are_limited_and_take_turns(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    for tenant in ["acme", "beta"] {
        let keyed = jobs_for(tenant, 5).into_iter().map(with_one_key);
        stage.enqueue_all(&keyed.collect::<Vec<_>>()).await;
        stage.enqueue_all(&jobs_for(tenant, 5)).await;
    }

    let claimed = stage.claim(server, 8).await;

    assert_eq!(count(&claimed, Some("acme")), 4);
    assert_eq!(count(&claimed, Some("beta")), 4);
    // One of the two holds the key, and the other goes on without it.
    assert_eq!(stage.claim(server, 20).await.len(), 3);
}

pub async fn a_key_that_tenants_share_goes_round_among_them(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    for tenant in ["zeta", "acme"] {
        let keyed = jobs_for(tenant, 3).into_iter().map(with_one_key);
        stage.enqueue_all(&keyed.collect::<Vec<_>>()).await;
    }

    let mut claimed = Vec::new();
    for _ in 0..4 {
        let one = stage.claim(server, 3).await;
        stage.settle(one[0].lease, succeeded()).await;
        claimed.extend(one);
    }

    let by_tenant = ["acme", "zeta"].map(|tenant| count(&claimed, Some(tenant)));
    assert_eq!(by_tenant, [2, 2]);
}

pub async fn kinds_that_are_not_asked_for_take_nobodys_turn(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let unknown: Vec<NewJob> = (0..5).map(|_| of(job_of("unknown"), "acme")).collect();
    stage.enqueue_all(&unknown).await;
    stage.enqueue_all(&jobs_for("beta", 5)).await;

    let claimed = stage.claim(server, 10).await;

    assert_eq!(claimed.len(), 5);
    assert_eq!(count(&claimed, Some("beta")), 5);
}

fn of(job: NewJob, tenant: &str) -> NewJob {
    job.for_tenant(tenant).expect("the name fits")
}

fn jobs_for(tenant: &str, count: usize) -> Vec<NewJob> {
    jobs(count).into_iter().map(|job| of(job, tenant)).collect()
}

fn with_one_key(job: NewJob) -> NewJob {
    job.limited_by("one").expect("the key fits")
}

fn count(claimed: &[ClaimedJob], tenant: Option<&str>) -> usize {
    let of_tenant = |job: &&ClaimedJob| job.tenant.as_deref() == tenant;
    claimed.iter().filter(of_tenant).count()
}
