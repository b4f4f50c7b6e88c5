use application::jobs::{Letter, SendEmail};
use application::ports::MailError;
use application::testing::FakeApp;
use domain::User;
use job_engine::{Job, JobError, JobId};

use crate::running::{attempt, provision, registered, token_in_mail};

/// The job that welcomes a tenant's owner.
async fn welcome(fake: &FakeApp) -> (User, SendEmail) {
    let admin = fake.super_admin().await;
    let tenant = registered(fake, admin.id).await;
    provision(fake, tenant.id, 1).await.expect("provisioned");
    let owner = fake.stored().owners[&tenant.id];
    let user = fake
        .stored()
        .users
        .into_iter()
        .find(|user| user.id == owner);
    let letter = Letter::Welcome {
        tenant: tenant.id,
        user: owner,
    };
    (user.expect("an owner"), SendEmail { letter })
}

#[tokio::test]
async fn a_mail_that_is_sent_again_has_the_same_id_and_a_fresh_link() {
    let fake = FakeApp::default();
    let (user, mail) = welcome(&fake).await;
    let job = JobId::random();

    mail.run(&fake.app, &attempt(job, 1)).await.expect("sent");
    let first = token_in_mail(&fake);
    mail.run(&fake.app, &attempt(job, 2)).await.expect("sent");
    let second = token_in_mail(&fake);

    let ids: Vec<_> = fake.mailer.sent().into_iter().map(|mail| mail.id).collect();
    assert_eq!(ids, [job.to_string(), job.to_string()]);
    assert_ne!(first, second);
    let stored = &fake.stored().links[&user.id].hash;
    assert_eq!(*stored, fake.app.tokens.hash(&second));
}

#[tokio::test]
async fn no_secret_is_in_the_arguments_of_a_job() {
    let fake = FakeApp::default();
    welcome(&fake).await;

    for job in fake.stored().jobs {
        assert!(!job.arguments.contains("token"), "{}", job.arguments);
        assert!(!job.arguments.contains('@'), "{}", job.arguments);
    }
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_asked_again() {
    let fake = FakeApp::default();
    let (_, mail) = welcome(&fake).await;
    fake.mailer
        .fail_once(MailError::Unavailable("connection refused".to_owned()));

    let ended = mail.run(&fake.app, &attempt(JobId::random(), 1)).await;

    assert!(matches!(ended, Err(JobError::Retry(_))));
}

#[tokio::test]
async fn a_mail_that_is_refused_is_given_up() {
    let fake = FakeApp::default();
    let (_, mail) = welcome(&fake).await;
    fake.mailer
        .fail_once(MailError::Refused("no such mailbox".to_owned()));

    let ended = mail.run(&fake.app, &attempt(JobId::random(), 1)).await;

    assert!(matches!(ended, Err(JobError::Fail(_))));
}
