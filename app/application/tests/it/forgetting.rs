use std::time::Duration;

use application::jobs::{ForgetExpired, recurring, registry};
use application::testing::FakeApp;
use application::users::{create_first_admin, sign_in};
use domain::Password;
use job_engine::{Job, JobId};

use crate::running::attempt;

const PASSWORD: &str = "correct horse battery staple";

/// Longer than a session or a link lives.
const A_YEAR: Duration = Duration::from_hours(365 * 24);

/// Someone with a session, and someone with a link that sets a password.
async fn with_session_and_link() -> FakeApp {
    let fake = FakeApp::default();
    let password = Password::given(PASSWORD).expect("long enough");
    let email = "root@diquis.example".parse().expect("an address");
    let created = create_first_admin(&fake.app, &email, Some(&password)).await;
    created.expect("created");
    let signed_in = sign_in(&fake.app, email.as_str(), PASSWORD).await;
    signed_in.expect("signed in");

    let other = fake.user("other@diquis.example").await;
    let expires_at = fake.app.clock.now() + Duration::from_hours(1);
    let hash = fake.app.tokens.hash("secret");
    let mut transaction = fake.app.catalog.begin().await.expect("the fake answers");
    let links = transaction.one_time_links();
    links
        .put(other.id, &hash, expires_at)
        .await
        .expect("stored");
    transaction.commit().await.expect("the fake commits");
    fake
}

/// What the job says of it.
async fn forget(fake: &FakeApp) -> Vec<String> {
    let attempt = attempt(JobId::random(), 1);
    let ended = ForgetExpired {}.run(&fake.app, &attempt).await;
    ended.expect("forgotten");
    attempt.notepad.lines()
}

#[tokio::test]
async fn what_can_still_be_used_is_kept() {
    let fake = with_session_and_link().await;

    forget(&fake).await;

    let stored = fake.stored();
    assert_eq!((stored.sessions.len(), stored.links.len()), (1, 1));
}

#[tokio::test]
async fn sessions_and_links_are_forgotten_when_they_have_expired() {
    let fake = with_session_and_link().await;
    fake.clock.advance(A_YEAR);

    let said = forget(&fake).await;
    let again = forget(&fake).await;

    let stored = fake.stored();
    assert_eq!((stored.sessions.len(), stored.links.len()), (0, 0));
    assert_eq!(said, ["Expired sessions forgotten: 1; spent links: 1"]);
    assert_eq!(again, ["Expired sessions forgotten: 0; spent links: 0"]);
}

#[test]
fn every_job_that_recurs_is_one_that_workers_know() {
    let known = format!("{:?}", registry());

    for job in recurring() {
        assert!(known.contains(&format!("{:?}", job.job.kind)), "{}", job.id);
    }
}
