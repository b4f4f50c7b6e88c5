use std::time::Duration;

use application::jobs::Letter;
use application::testing::FakeApp;
use application::users::{
    FirstAdmin, SetPasswordError, create_first_admin, session_user, set_password, sign_in,
};
use domain::WeakPassword;

use crate::running::letters;

const EMAIL: &str = "root@diquis.example";
const PASSWORD: &str = "correct horse battery staple";

/// The secret of a link for someone who has no password yet.
async fn link(fake: &FakeApp) -> String {
    let email = EMAIL.parse().expect("an address");
    let created = create_first_admin(&fake.app, &email, None).await;
    let Ok(FirstAdmin::WithLink(link)) = created else {
        panic!("a link is expected");
    };
    let (_, token) = link.split_once("#token=").expect("a token");
    token.to_owned()
}

#[tokio::test]
async fn a_link_sets_a_password() {
    let fake = FakeApp::default();
    let token = link(&fake).await;

    set_password(&fake.app, &token, PASSWORD)
        .await
        .expect("set");

    assert!(sign_in(&fake.app, EMAIL, PASSWORD).await.is_ok());
    assert_eq!(letters(&fake), []);
}

#[tokio::test]
async fn a_link_works_once() {
    let fake = FakeApp::default();
    let token = link(&fake).await;
    set_password(&fake.app, &token, PASSWORD)
        .await
        .expect("set");

    let again = set_password(&fake.app, &token, "another good password").await;

    assert!(matches!(again, Err(SetPasswordError::InvalidToken)));
    assert!(sign_in(&fake.app, EMAIL, PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_link_expires_after_a_day() {
    let fake = FakeApp::default();
    let token = link(&fake).await;
    fake.clock.advance(Duration::from_hours(24));

    let late = set_password(&fake.app, &token, PASSWORD).await;

    assert!(matches!(late, Err(SetPasswordError::InvalidToken)));
}

#[tokio::test]
async fn a_weak_password_does_not_use_the_link_up() {
    let fake = FakeApp::default();
    let token = link(&fake).await;

    let weak = set_password(&fake.app, &token, "password1").await;

    assert!(matches!(
        weak,
        Err(SetPasswordError::Weak(WeakPassword::TooCommon))
    ));
    assert!(set_password(&fake.app, &token, PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_is_announced_by_mail() {
    let fake = FakeApp::default();
    let first = link(&fake).await;
    set_password(&fake.app, &first, PASSWORD)
        .await
        .expect("set");
    let session = sign_in(&fake.app, EMAIL, PASSWORD)
        .await
        .expect("signed in");
    let hash = fake.app.tokens.hash("another link");
    let expires_at = fake.app.clock.now() + Duration::from_mins(1);
    let mut transaction = fake.app.catalog.begin().await.expect("the fake answers");
    let links = transaction.one_time_links();
    links
        .put(session.user.id, &hash, expires_at)
        .await
        .expect("put");
    transaction.commit().await.expect("committed");

    set_password(&fake.app, "another link", "a password of my own")
        .await
        .expect("set");

    let user = session_user(&fake.app, session.session)
        .await
        .expect("answered");
    assert_eq!(user, None);
    let user = session.user.id;
    assert_eq!(letters(&fake), [Letter::PasswordChanged { user }]);
}
