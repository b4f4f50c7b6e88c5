use application::jobs::{Letter, ProvisionTenant};
use application::ports::Catalog;
use application::testing::FakeApp;
use application::users::{SignUp, sign_up};
use domain::{NotificationKind, Status, Step, TenantId};
use job_engine::{Attempt, Job, JobError, JobId};

use crate::running::{MAX_ATTEMPTS, attempt, failure, letters, provision, registered, send_mails};

#[tokio::test]
async fn a_tenant_is_active_when_its_job_is_done() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;

    provision(&fake, tenant.id, 1).await.expect("provisioned");

    let tenant = fake.tenant(tenant.id).await;
    assert_eq!(tenant.status, Status::Active);
    assert!(tenant.activated_at.is_some());
    assert!(tenant.steps.iter().all(|it| it.state.name() == "Done"));
    assert_eq!(
        fake.notifier.statuses(),
        [Status::Pending, Status::Provisioning, Status::Active]
    );
    assert_eq!(
        fake.tenant_databases.steps(),
        [
            Step::CreateDatabase,
            Step::Migrate,
            Step::Seed,
            Step::CreateOwner
        ]
    );
}

#[tokio::test]
async fn a_run_says_how_far_it_is_and_goes_on_where_the_one_before_ended() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    let id = JobId(tenant.job_id);
    let job = ProvisionTenant { tenant: tenant.id };
    fake.tenant_databases.break_at(Step::Seed, "disk full");
    let (broken, whole) = (attempt(id, 1), attempt(id, 2));

    job.run(&fake.app, &broken).await.expect_err("it is broken");
    fake.tenant_databases.repair();
    job.run(&fake.app, &whole).await.expect("provisioned");

    let progress = |run: &Attempt| run.notepad.last_progress().map(|it| (it.done, it.total));
    assert_eq!(progress(&broken), Some((2, 5)));
    assert_eq!(
        broken.notepad.lines(),
        ["Create database", "Run migrations", "Seed data"]
    );
    assert_eq!(progress(&whole), Some((5, 5)));
    assert_eq!(
        whole.notepad.lines(),
        ["Seed data", "Create owner", "Activate"]
    );
}

#[tokio::test]
async fn the_one_who_asked_is_told_once_even_if_the_job_runs_again() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;

    provision(&fake, tenant.id, 1).await.expect("provisioned");
    provision(&fake, tenant.id, 1).await.expect("nothing to do");

    let told = fake.notifier.notifications();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].user_id, admin.id);
    assert_eq!(told[0].kind, NotificationKind::TenantReady);
    assert_eq!(
        told[0].message,
        "Tenant Acme has been successfully provisioned."
    );
    assert_eq!(fake.stored().notifications, told);
    assert_eq!(letters(&fake).len(), 1);
}

#[tokio::test]
async fn a_failed_attempt_makes_the_tenant_failed_and_says_why() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    fake.tenant_databases
        .break_at(Step::Migrate, "no space left on device");

    let ended = provision(&fake, tenant.id, 1).await;

    assert!(matches!(ended, Err(JobError::Retry(_))));
    let tenant = fake.tenant(tenant.id).await;
    assert_eq!(tenant.status, Status::Failed);
    assert_eq!(
        tenant.error.as_deref(),
        Some("Run migrations: no space left on device")
    );
    assert_eq!(tenant.attempt, 1);
    assert!(tenant.next_attempt_at.is_some());
    let states: Vec<_> = tenant.steps.iter().map(|it| it.state.name()).collect();
    assert_eq!(states, ["Done", "Failed", "Waiting", "Waiting", "Waiting"]);
}

#[tokio::test]
async fn the_first_failure_is_told_and_the_following_ones_are_not() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    fake.tenant_databases.break_at(Step::Seed, "broken");

    for number in 1..=3 {
        provision(&fake, tenant.id, number)
            .await
            .expect_err("broken");
    }

    let told = fake.notifier.notifications();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, NotificationKind::TenantWillRetry);
    assert!(told[0].message.contains("Seed data: broken"));
}

#[tokio::test]
async fn an_attempt_after_a_failure_goes_on_where_it_stopped() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    fake.tenant_databases.break_at(Step::Seed, "broken");
    provision(&fake, tenant.id, 1).await.expect_err("broken");
    fake.tenant_databases.repair();

    provision(&fake, tenant.id, 2).await.expect("provisioned");

    let tenant = fake.tenant(tenant.id).await;
    assert_eq!(tenant.status, Status::Active);
    assert_eq!((tenant.error, tenant.next_attempt_at), (None, None));
    assert_eq!(
        fake.tenant_databases.steps(),
        [
            Step::CreateDatabase,
            Step::Migrate,
            Step::Seed,
            Step::Seed,
            Step::CreateOwner
        ]
    );
    assert_eq!(
        fake.notifier.statuses(),
        [
            Status::Pending,
            Status::Provisioning,
            Status::Failed,
            Status::Provisioning,
            Status::Active
        ]
    );
}

#[tokio::test]
async fn when_no_attempt_is_left_the_reason_is_told_once() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    fake.tenant_databases
        .break_at(Step::CreateDatabase, "permission denied");
    for number in 1..=MAX_ATTEMPTS {
        provision(&fake, tenant.id, number)
            .await
            .expect_err("broken");
    }

    let job = ProvisionTenant { tenant: tenant.id };
    let last = failure(
        JobId(tenant.job_id),
        MAX_ATTEMPTS,
        "Create database: permission denied",
    );
    job.given_up(&fake.app, &last).await.expect("noted");

    let kinds: Vec<_> = fake
        .notifier
        .notifications()
        .iter()
        .map(|it| it.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            NotificationKind::TenantWillRetry,
            NotificationKind::TenantFailed
        ]
    );
    let message = &fake.notifier.notifications()[1].message;
    assert!(message.contains("permission denied"), "{message}");
    let tenant = fake.tenant(tenant.id).await;
    assert_eq!(tenant.status, Status::Failed);
    assert_eq!(tenant.next_attempt_at, None);
}

#[tokio::test]
async fn a_job_that_is_requeued_after_it_was_given_up_tells_again() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    fake.tenant_databases.break_at(Step::Seed, "broken");
    provision(&fake, tenant.id, 1).await.expect_err("broken");
    provision(&fake, tenant.id, MAX_ATTEMPTS)
        .await
        .expect_err("broken");

    provision(&fake, tenant.id, 1)
        .await
        .expect_err("still broken");

    let kinds: Vec<_> = fake
        .notifier
        .notifications()
        .iter()
        .map(|it| it.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            NotificationKind::TenantWillRetry,
            NotificationKind::TenantFailed,
            NotificationKind::TenantWillRetry
        ]
    );
}

#[tokio::test]
async fn a_failure_hook_that_runs_twice_changes_nothing_the_second_time() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    let job = ProvisionTenant { tenant: tenant.id };
    let crash = failure(JobId(tenant.job_id), 1, "the process died");

    job.failed(&fake.app, &crash).await.expect("noted");
    let once = fake.tenant(tenant.id).await;
    job.failed(&fake.app, &crash).await.expect("noted");

    assert_eq!(fake.tenant(tenant.id).await, once);
    assert_eq!(fake.notifier.notifications().len(), 1);
}

#[tokio::test]
async fn a_failure_that_is_reported_late_does_not_touch_an_active_tenant() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    provision(&fake, tenant.id, 1).await.expect("provisioned");
    let job = ProvisionTenant { tenant: tenant.id };
    let late = failure(JobId(tenant.job_id), 1, "the lease was lost");

    job.failed(&fake.app, &late).await.expect("ignored");
    job.given_up(&fake.app, &late).await.expect("ignored");

    assert!(fake.tenant(tenant.id).await.is_active());
    assert_eq!(fake.notifier.notifications().len(), 1);
}

#[tokio::test]
async fn a_run_that_someone_overtook_cannot_change_the_tenant() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    let mut stale = tenant.clone();
    provision(&fake, tenant.id, 1).await.expect("provisioned");

    stale.error = Some("an old story".to_owned());
    let mut transaction = fake.catalog.begin().await.expect("the fake answers");
    let saved = transaction.tenants().save(&mut stale).await;

    assert!(saved.is_err());
    assert!(fake.tenant(tenant.id).await.is_active());
}

#[tokio::test]
async fn a_run_that_is_cancelled_stops_before_its_next_step() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;
    let attempt = attempt(JobId(tenant.job_id), 1);
    attempt.cancelled.cancel();

    let job = ProvisionTenant { tenant: tenant.id };
    let ended = job.run(&fake.app, &attempt).await;

    assert!(matches!(ended, Err(JobError::Retry(_))));
    assert_eq!(fake.tenant_databases.steps(), []);
}

#[tokio::test]
async fn the_administrator_gets_an_account_and_a_welcome_mail() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let tenant = registered(&fake, admin.id).await;

    provision(&fake, tenant.id, 1).await.expect("provisioned");
    send_mails(&fake).await;

    let owner = fake.tenant_databases.owner(tenant.id).expect("an owner");
    assert_eq!(owner.email.as_str(), "ada@acme.example");
    assert_eq!(
        letters(&fake),
        [Letter::Welcome {
            tenant: tenant.id,
            user: owner.user_id
        }]
    );
    assert_eq!(fake.mailer.sent()[0].to, owner.email);
}

#[tokio::test]
async fn someone_with_an_account_keeps_it_and_owns_one_tenant_more() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let ada = fake.user("ada@acme.example").await;
    let tenant = registered(&fake, admin.id).await;

    provision(&fake, tenant.id, 1).await.expect("provisioned");

    assert_eq!(fake.stored().owners[&tenant.id], ada.id);
    assert_eq!(fake.stored().users.len(), 2);
}

#[tokio::test]
async fn someone_who_signed_up_gets_a_mail_and_no_message() {
    let fake = FakeApp::default();
    let request = SignUp {
        organization: "Acme".to_owned(),
        email: "ada@acme.example".to_owned(),
        slug: None,
    };
    sign_up(&fake.app, request).await.expect("signed up");
    let tenant = fake.stored().tenants[0].id;

    provision(&fake, tenant, 1).await.expect("provisioned");

    assert_eq!(fake.notifier.notifications(), []);
    assert_eq!(fake.stored().notifications, []);
    assert_eq!(letters(&fake).len(), 1);
}

#[tokio::test]
async fn a_job_whose_tenant_is_gone_is_given_up_at_once() {
    let fake = FakeApp::default();
    let job = ProvisionTenant {
        tenant: TenantId::random(),
    };

    let ended = job.run(&fake.app, &attempt(JobId::random(), 1)).await;

    assert!(matches!(ended, Err(JobError::Fail(_))));
}
