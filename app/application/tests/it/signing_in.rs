use std::time::Duration;

use application::testing::FakeApp;
use application::users::{
    FirstAdmin, RefreshError, SignInError, SignedIn, create_first_admin, refresh_session,
    session_user, sign_in, sign_out,
};
use domain::{Password, Role};

const EMAIL: &str = "root@diquis.example";
const PASSWORD: &str = "correct horse battery staple";

async fn admin() -> FakeApp {
    let fake = FakeApp::default();
    let email = EMAIL.parse().expect("an address");
    let password = Password::given(PASSWORD).expect("long enough");
    create_first_admin(&fake.app, &email, Some(&password))
        .await
        .expect("created");
    fake
}

async fn signed_in(fake: &FakeApp) -> SignedIn {
    sign_in(&fake.app, EMAIL, PASSWORD)
        .await
        .expect("signed in")
}

#[tokio::test]
async fn the_first_admin_signs_in_with_the_password_that_was_given() {
    let fake = admin().await;

    let signed_in = sign_in(&fake.app, " Root@Diquis.example ", PASSWORD)
        .await
        .expect("signed in");

    assert_eq!(signed_in.user.roles(), [Role::SuperAdmin]);
    let user = session_user(&fake.app, signed_in.session)
        .await
        .expect("answered");
    assert_eq!(user, Some(signed_in.user));
}

#[tokio::test]
async fn creating_the_first_admin_again_changes_nothing() {
    let fake = admin().await;
    let other = Password::given("another password").expect("long enough");

    let again =
        create_first_admin(&fake.app, &EMAIL.parse().expect("an address"), Some(&other)).await;

    assert_eq!(again.expect("answered"), FirstAdmin::Present);
    assert!(sign_in(&fake.app, EMAIL, PASSWORD).await.is_ok());
}

#[tokio::test]
async fn without_a_password_the_first_admin_gets_a_link_until_one_is_set() {
    let fake = FakeApp::default();
    let email = EMAIL.parse().expect("an address");

    let first = create_first_admin(&fake.app, &email, None)
        .await
        .expect("created");
    let second = create_first_admin(&fake.app, &email, None)
        .await
        .expect("answered");

    let (FirstAdmin::WithLink(first), FirstAdmin::WithLink(second)) = (first, second) else {
        panic!("a link is expected both times");
    };
    assert!(first.starts_with("https://diquis.example/set-password#token="));
    assert_ne!(first, second);
    assert_eq!(fake.stored().users.len(), 1);
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_told_apart_by_nobody() {
    let fake = admin().await;

    let unknown = sign_in(&fake.app, "eve@example.org", PASSWORD).await;
    let wrong = sign_in(&fake.app, EMAIL, "wrong").await;
    let malformed = sign_in(&fake.app, "nobody", PASSWORD).await;

    for refused in [unknown, wrong, malformed] {
        assert!(matches!(refused, Err(SignInError::Wrong)));
    }
}

#[tokio::test]
async fn after_some_mistakes_an_account_pauses_known_or_not() {
    for email in [EMAIL, "eve@example.org"] {
        let fake = admin().await;
        for _ in 0..5 {
            let wrong = sign_in(&fake.app, email, "wrong").await;
            assert!(matches!(wrong, Err(SignInError::Wrong)));
        }

        let paused = sign_in(&fake.app, email, PASSWORD).await;

        let Err(SignInError::TooManyAttempts { retry_after }) = paused else {
            panic!("{email} must pause");
        };
        assert_eq!(retry_after, Duration::from_secs(1));
    }
}

#[tokio::test]
async fn after_the_pause_the_right_password_opens_again() {
    let fake = admin().await;
    for _ in 0..5 {
        let _ = sign_in(&fake.app, EMAIL, "wrong").await;
    }

    fake.clock.advance(Duration::from_secs(1));

    assert!(sign_in(&fake.app, EMAIL, PASSWORD).await.is_ok());
    assert_eq!(fake.stored().failures.len(), 0);
}

#[tokio::test]
async fn a_session_goes_on_with_a_token_that_changes_each_time() {
    let fake = admin().await;
    let first = signed_in(&fake).await;

    let second = refresh_session(&fake.app, first.refresh_token.expose())
        .await
        .expect("refreshed");

    assert_eq!(second.session, first.session);
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_eq!(second.expires_at, first.expires_at);
}

#[tokio::test]
async fn a_token_that_comes_back_after_its_use_ends_the_session() {
    let fake = admin().await;
    let first = signed_in(&fake).await;
    let second = refresh_session(&fake.app, first.refresh_token.expose())
        .await
        .expect("refreshed");
    fake.clock.advance(Duration::from_secs(11));

    let reused = refresh_session(&fake.app, first.refresh_token.expose()).await;

    assert!(matches!(reused, Err(RefreshError::Invalid)));
    let innocent = refresh_session(&fake.app, second.refresh_token.expose()).await;
    assert!(matches!(innocent, Err(RefreshError::Invalid)));
    let user = session_user(&fake.app, first.session)
        .await
        .expect("answered");
    assert_eq!(user, None);
}

#[tokio::test]
async fn two_tabs_that_open_together_both_stay_signed_in() {
    let fake = admin().await;
    let first = signed_in(&fake).await;
    let token = first.refresh_token.expose();

    let one = refresh_session(&fake.app, token).await;
    let other = refresh_session(&fake.app, token).await;

    assert!(one.is_ok());
    assert!(other.is_ok());
}

#[tokio::test]
async fn a_session_does_not_last_for_ever() {
    let fake = admin().await;
    let first = signed_in(&fake).await;

    fake.clock.advance(Duration::from_hours(14 * 24));

    let refused = refresh_session(&fake.app, first.refresh_token.expose()).await;
    assert!(matches!(refused, Err(RefreshError::Invalid)));
}

#[tokio::test]
async fn who_signed_out_has_to_sign_in_again() {
    let fake = admin().await;
    let first = signed_in(&fake).await;

    sign_out(&fake.app, first.refresh_token.expose())
        .await
        .expect("signed out");
    sign_out(&fake.app, "made up").await.expect("nothing to do");

    let refused = refresh_session(&fake.app, first.refresh_token.expose()).await;
    assert!(matches!(refused, Err(RefreshError::Invalid)));
}
