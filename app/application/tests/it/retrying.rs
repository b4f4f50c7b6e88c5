use application::jobs::ProvisionTenant;
use application::tenants::{RetryTenantError, retry_tenant};
use application::testing::FakeApp;
use domain::{Status, Step, Tenant, TenantId, User};
use job_engine::{Job, JobId, State};

use crate::running::{provision, registered};

/// A tenant that failed at its last step but two, and whoever asked for it.
async fn failed(fake: &FakeApp) -> (User, Tenant) {
    let admin = fake.super_admin().await;
    let tenant = registered(fake, admin.id).await;
    fake.tenant_databases.break_at(Step::Seed, "broken");
    provision(fake, tenant.id, 1).await.expect_err("broken");
    fake.tenant_databases.repair();
    (admin, fake.tenant(tenant.id).await)
}

#[tokio::test]
async fn a_failed_tenant_can_be_provisioned_again() {
    let fake = FakeApp::default();
    let (admin, tenant) = failed(&fake).await;
    fake.job_control.set(JobId(tenant.job_id), State::Failed);

    let retried = retry_tenant(&fake.app, &admin, tenant.id)
        .await
        .expect("retried");

    assert_eq!(retried.status, Status::Pending);
    assert_eq!(retried.job_id, tenant.job_id);
    let expected = (
        JobId(tenant.job_id),
        "Retried by root@diquis.example".to_owned(),
    );
    assert_eq!(fake.job_control.requeued(), [expected]);
    provision(&fake, tenant.id, 1).await.expect("provisioned");
    assert!(fake.tenant(tenant.id).await.is_active());
}

#[tokio::test]
async fn a_retry_begins_with_the_first_step() {
    let fake = FakeApp::default();
    let (admin, tenant) = failed(&fake).await;
    fake.job_control.set(JobId(tenant.job_id), State::Scheduled);

    retry_tenant(&fake.app, &admin, tenant.id)
        .await
        .expect("retried");

    let tenant = fake.tenant(tenant.id).await;
    assert!(!tenant.steps.is_done(Step::CreateDatabase));
}

#[tokio::test]
async fn retrying_twice_does_no_harm() {
    let fake = FakeApp::default();
    let (admin, tenant) = failed(&fake).await;
    fake.job_control.set(JobId(tenant.job_id), State::Failed);

    retry_tenant(&fake.app, &admin, tenant.id)
        .await
        .expect("retried");
    retry_tenant(&fake.app, &admin, tenant.id)
        .await
        .expect("retried");

    assert_eq!(fake.job_control.requeued().len(), 1);
}

#[tokio::test]
async fn a_job_that_waits_is_left_alone() {
    let fake = FakeApp::default();
    let (admin, tenant) = failed(&fake).await;
    fake.job_control.set(JobId(tenant.job_id), State::Enqueued);

    retry_tenant(&fake.app, &admin, tenant.id)
        .await
        .expect("retried");

    assert_eq!(fake.job_control.requeued(), []);
    assert_eq!(fake.tenant(tenant.id).await, tenant);
}

#[tokio::test]
async fn a_job_that_runs_is_left_alone() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    fake.job_control
        .set(JobId(tenant.job_id), State::Processing);

    retry_tenant(&fake.app, &admin, tenant.id)
        .await
        .expect("retried");

    assert_eq!(fake.job_control.requeued(), []);
    assert_eq!(fake.tenant(tenant.id).await, tenant);
}

#[tokio::test]
async fn a_job_that_failed_a_moment_ago_is_requeued_before_its_outcome_is_stored() {
    let fake = FakeApp::default();
    let (admin, tenant) = failed(&fake).await;
    fake.job_control
        .set(JobId(tenant.job_id), State::Processing);

    let retried = retry_tenant(&fake.app, &admin, tenant.id)
        .await
        .expect("retried");

    assert_eq!(fake.job_control.requeued().len(), 1);
    assert_eq!(retried.status, Status::Pending);
}

#[tokio::test]
async fn a_job_in_any_other_state_is_requeued() {
    for state in [
        State::Scheduled,
        State::Failed,
        State::Deleted,
        State::Succeeded,
    ] {
        let fake = FakeApp::default();
        let (admin, tenant) = failed(&fake).await;
        fake.job_control.set(JobId(tenant.job_id), state);

        retry_tenant(&fake.app, &admin, tenant.id)
            .await
            .expect("retried");

        assert_eq!(fake.job_control.requeued().len(), 1, "{state}");
    }
}

#[tokio::test]
async fn a_tenant_whose_job_was_removed_gets_another_one() {
    let fake = FakeApp::default();
    let (admin, tenant) = failed(&fake).await;

    let retried = retry_tenant(&fake.app, &admin, tenant.id)
        .await
        .expect("retried");

    assert_ne!(retried.job_id, tenant.job_id);
    let jobs = fake.enqueued(ProvisionTenant::NAME);
    assert_eq!(jobs, [JobId(tenant.job_id), JobId(retried.job_id)]);
}

#[tokio::test]
async fn an_active_tenant_is_not_provisioned_again() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    provision(&fake, tenant.id, 1).await.expect("provisioned");

    let refused = retry_tenant(&fake.app, &admin, tenant.id).await;

    assert!(matches!(refused, Err(RetryTenantError::AlreadyActive)));
}

#[tokio::test]
async fn a_tenant_that_is_not_there_cannot_be_retried() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;

    let refused = retry_tenant(&fake.app, &admin, TenantId::random()).await;

    assert!(matches!(refused, Err(RetryTenantError::NotFound)));
}

#[tokio::test]
async fn a_worker_that_starts_while_a_person_retries_reads_again() {
    let fake = FakeApp::default();
    let (_, tenant) = failed(&fake).await;
    let now = fake.app.clock.now();
    fake.catalog.before_next_transaction(move |stored| {
        let tenant = &mut stored.tenants[0];
        tenant.wait_again(now).expect("may wait");
        tenant.version += 1;
    });

    provision(&fake, tenant.id, 1).await.expect("provisioned");

    let tenant = fake.tenant(tenant.id).await;
    assert!(tenant.is_active());
    assert_eq!(tenant.round, 1);
}

#[tokio::test]
async fn a_worker_that_was_faster_than_the_retry_is_right() {
    let fake = FakeApp::default();
    let (admin, tenant) = failed(&fake).await;
    fake.job_control.set(JobId(tenant.job_id), State::Failed);
    let now = fake.app.clock.now();
    fake.catalog.before_next_transaction(move |stored| {
        let tenant = &mut stored.tenants[0];
        tenant.start_attempt(1, 11, now).expect("may start");
        tenant.version += 1;
    });

    let retried = retry_tenant(&fake.app, &admin, tenant.id)
        .await
        .expect("retried");

    assert_eq!(retried.status, Status::Provisioning);
    assert_eq!(fake.tenant(tenant.id).await, retried);
}
