use http::Method;
use serde_json::json;

use crate::test_app::{ADMIN, PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_answers_a_token_and_who_one_is() {
    let app = TestApp::start().await;

    let answer = app.visitor().try_to_sign_in(ADMIN, PASSWORD).await;

    assert_eq!(answer.status, 200);
    let session = answer.json();
    assert_eq!(session["tokenType"], "Bearer");
    assert_eq!(session["expiresIn"], 900);
    assert_eq!(session["user"]["email"], ADMIN);
    assert_eq!(session["user"]["roles"], json!(["SuperAdmin"]));
    assert!(session["user"]["tenantId"].is_null());
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let app = TestApp::start().await;

    let wrong = app
        .visitor()
        .try_to_sign_in(ADMIN, "not the password")
        .await;
    let unknown = app
        .visitor()
        .try_to_sign_in("who@diquis.test", PASSWORD)
        .await;

    wrong.problem(401);
    unknown.problem(401);
    assert_eq!(wrong.json()["detail"], "E-mail or password is wrong.");
    assert_eq!(wrong.json()["detail"], unknown.json()["detail"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookies_are_out_of_reach_of_scripts_and_other_sites() {
    let app = TestApp::with(&[("DIQUIS_PUBLIC_URL", "https://diquis.test")]).await;

    let answer = app.visitor().try_to_sign_in(ADMIN, PASSWORD).await;

    let cookies = answer.set_cookies();
    let [refresh, dashboard] = cookies.as_slice() else {
        panic!("two cookies, not {cookies:?}");
    };
    assert!(refresh.starts_with("__Secure-diquis-refresh="));
    assert!(refresh.contains("; Path=/api/sessions;"));
    assert!(dashboard.starts_with("__Secure-diquis-dashboard="));
    assert!(dashboard.contains("; Path=/hangfire;"));
    for cookie in [refresh, dashboard] {
        assert!(
            cookie.ends_with("HttpOnly; SameSite=Strict; Secure"),
            "{cookie}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_renewed_by_its_cookie() {
    let app = TestApp::start().await;
    let mut admin = app.admin().await;

    let renewed = admin
        .with_cookies_alone()
        .command("/api/sessions/refresh")
        .await;

    assert_eq!(renewed.status, 200, "{}", renewed.text);
    let before = admin.cookies.clone();
    admin.keep(&renewed);
    assert_ne!(
        admin.cookies[0], before[0],
        "the refresh token is a new one"
    );
    assert_eq!(admin.get("/api/me").await.json()["email"], ADMIN);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_renews_a_session_but_its_cookie() {
    let app = TestApp::start().await;
    let mut forger = app.visitor();
    forger.cookies = vec![format!("diquis-refresh={}", "A".repeat(43))];

    app.visitor()
        .command("/api/sessions/refresh")
        .await
        .problem(401);
    forger.command("/api/sessions/refresh").await.problem(401);
    let token_alone = app.admin().await.with_token_alone();
    token_alone
        .command("/api/sessions/refresh")
        .await
        .problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_eq!(admin.get("/api/me").await.status, 200);

    let answer = admin
        .send(Method::DELETE, "/api/sessions/current", None, &[])
        .await;

    assert_eq!(answer.status, 204);
    for cookie in answer.set_cookies() {
        assert!(
            cookie.contains("=; ") && cookie.contains("Max-Age=0"),
            "{cookie}"
        );
    }
    admin.get("/api/me").await.problem(401);
    admin.command("/api/sessions/refresh").await.problem(401);
    assert_eq!(
        admin.with_cookies_alone().get("/hangfire").await.status,
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_with_the_token_alone_ends_the_session_too() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    let script = admin.with_token_alone();
    script
        .send(Method::DELETE, "/api/sessions/current", None, &[])
        .await;

    admin.get("/api/me").await.problem(401);
    admin
        .with_cookies_alone()
        .command("/api/sessions/refresh")
        .await
        .problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signing_key_outlives_the_process_and_is_nobody_elses() {
    use std::os::unix::fs::PermissionsExt;

    let app = TestApp::start().await;
    let mut admin = app.admin().await;

    let app = app.restart().await;

    admin.address = app.address();
    assert_eq!(admin.get("/api/me").await.status, 200);
    let key = std::fs::metadata(app.data_dir().join("jwt-secret")).expect("is there");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}
