use serde_json::json;

use crate::test_app::{ADMIN, PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let app = TestApp::with(&[("DIQUIS_PUBLIC_LIMIT", "2/minute")]).await;
    let visitor = app.visitor();

    assert_eq!(visitor.get("/api/slugs/acme").await.status, 200);
    assert_eq!(visitor.get("/api/slugs/acme").await.status, 200);
    let refused = visitor.get("/api/slugs/acme").await;

    refused.problem(429);
    assert_eq!(refused.header("retry-after"), "30");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_sign_ins_that_fail_are_counted() {
    let app = TestApp::with(&[("DIQUIS_SIGN_IN_LIMIT", "2/hour")]).await;
    let visitor = app.visitor();

    for _ in 0..4 {
        assert_eq!(visitor.try_to_sign_in(ADMIN, PASSWORD).await.status, 200);
    }
    for unknown in ["a@diquis.test", "b@diquis.test"] {
        visitor.try_to_sign_in(unknown, PASSWORD).await.problem(401);
    }
    visitor
        .try_to_sign_in("c@diquis.test", PASSWORD)
        .await
        .problem(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_pauses_after_many_wrong_passwords() {
    let app = TestApp::with(&[("DIQUIS_SIGN_IN_LIMIT", "off")]).await;
    let visitor = app.visitor();

    let mut answer = visitor.try_to_sign_in(ADMIN, "wrong password").await;
    for _ in 0..9 {
        answer = visitor.try_to_sign_in(ADMIN, "wrong password").await;
    }

    answer.problem(429);
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_each_client_has_a_limit_of_its_own() {
    let settings = [
        ("DIQUIS_SIGN_UP_LIMIT", "1/hour"),
        ("DIQUIS_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let app = TestApp::with(&settings).await;
    let sign_up_from = async |client: &str| {
        let visitor = app.visitor();
        let forwarded = [("x-forwarded-for", client)];
        let body = json!({ "organization": "", "email": "" });
        let answer = visitor.send(http::Method::POST, "/api/sign-up", Some(body), &forwarded);
        answer.await.status.as_u16()
    };

    assert_eq!(sign_up_from("198.51.100.1").await, 400);
    assert_eq!(sign_up_from("198.51.100.1").await, 429);
    assert_eq!(sign_up_from("198.51.100.2").await, 400);
}
