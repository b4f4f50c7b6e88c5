//! Runs jobs as the engine would.

use std::time::Duration;

use application::jobs::{Letter, ProvisionTenant, SendEmail};
use application::tenants::{RegisterTenant, register_tenant};
use application::testing::FakeApp;
use domain::{Tenant, TenantId, UserId};
use job_engine::storage::Lease;
use job_engine::{Attempt, Failure, Job, JobError, JobId};

pub const MAX_ATTEMPTS: u32 = 11;

pub fn attempt(job: JobId, number: u32) -> Attempt {
    Attempt::new(Lease { job, epoch: 1 }, number, MAX_ATTEMPTS)
}

/// A tenant that a Super Admin asked for.
pub async fn registered(fake: &FakeApp, requested_by: UserId) -> Tenant {
    let request = RegisterTenant {
        name: "Acme".to_owned(),
        admin_email: "ada@acme.example".to_owned(),
        ..RegisterTenant::default()
    };
    register_tenant(&fake.app, requested_by, request)
        .await
        .expect("registered")
}

/// One attempt, with what the engine does after it: the hook for a failure, and for the last one.
pub async fn provision(fake: &FakeApp, tenant: TenantId, number: u32) -> Result<(), JobError> {
    let job = ProvisionTenant { tenant };
    let id = JobId(fake.tenant(tenant).await.job_id);
    let ended = job.run(&fake.app, &attempt(id, number)).await;
    if let Err(JobError::Retry(error)) = &ended {
        let failure = failure(id, number, &error.message);
        job.failed(&fake.app, &failure).await.expect("noted");
        if failure.retry_in.is_none() {
            job.given_up(&fake.app, &failure).await.expect("noted");
        }
    }
    ended
}

pub fn failure(job: JobId, attempt: u32, message: &str) -> Failure {
    Failure {
        job_id: job,
        attempt,
        max_attempts: MAX_ATTEMPTS,
        message: message.to_owned(),
        retry_in: (attempt < MAX_ATTEMPTS).then_some(Duration::from_secs(15)),
    }
}

/// The letters that wait to be sent.
pub fn letters(fake: &FakeApp) -> Vec<Letter> {
    let jobs = fake.stored().jobs;
    let mails = jobs.iter().filter(|job| job.kind == SendEmail::NAME);
    let letter = |arguments: &str| {
        serde_json::from_str::<SendEmail>(arguments)
            .expect("a job")
            .letter
    };
    mails.map(|job| letter(&job.arguments)).collect()
}

/// Sends every letter that waits, as if it were the first attempt of each.
pub async fn send_mails(fake: &FakeApp) {
    for job in fake.stored().jobs {
        if job.kind != SendEmail::NAME {
            continue;
        }
        let mail: SendEmail = serde_json::from_str(&job.arguments).expect("a job");
        mail.run(&fake.app, &attempt(job.id, 1))
            .await
            .expect("sent");
    }
}

/// The secret in the last mail that has one.
pub fn token_in_mail(fake: &FakeApp) -> String {
    let sent = fake.mailer.sent();
    let mut tokens = sent
        .iter()
        .filter_map(|mail| mail.text.split("#token=").nth(1));
    let token = tokens.next_back().expect("a mail with a link");
    token.lines().next().expect("a line").to_owned()
}
