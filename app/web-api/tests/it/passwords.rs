use serde_json::json;

use crate::test_app::{ADMIN, PASSWORD, TestApp};

const EMAIL: &str = "rosa@terraba.test";

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once() {
    let app = TestApp::start().await;
    app.sign_up("Térraba Boats", EMAIL).await;
    let token = app.link_mailed_to(EMAIL).await;
    let body = json!({ "token": token, "password": PASSWORD });

    let first = app.visitor().post("/api/passwords", body.clone()).await;
    let second = app.visitor().post("/api/passwords", body).await;

    assert_eq!(first.status, 204, "{}", first.text);
    assert!(second.problem(400)["token"][0].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_password_does_not_use_the_link_up() {
    let app = TestApp::start().await;
    app.sign_up("Térraba Boats", EMAIL).await;
    let token = app.link_mailed_to(EMAIL).await;

    for weak in ["short", "password", &"x".repeat(129)] {
        let body = json!({ "token": token, "password": weak });
        let errors = app
            .visitor()
            .post("/api/passwords", body)
            .await
            .problem(400);
        assert!(errors["password"][0].is_string(), "{weak}");
    }

    let body = json!({ "token": token, "password": PASSWORD });
    assert_eq!(app.visitor().post("/api/passwords", body).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_never_sent_is_worth_nothing() {
    let app = TestApp::start().await;

    let body = json!({ "token": "A".repeat(43), "password": PASSWORD });
    let errors = app
        .visitor()
        .post("/api/passwords", body)
        .await
        .problem(400);

    assert!(errors["token"][0].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_super_admin_gets_in_by_the_link_that_is_printed() {
    use application::users::FirstAdmin;

    let app = TestApp::with(&[("DIQUIS_ADMIN_PASSWORD", "")]).await;
    let FirstAdmin::WithLink(link) = app.server().first_admin() else {
        panic!("a link, not {:?}", app.server().first_admin());
    };
    let (_, token) = link.split_once("/set-password#token=").expect("a token");

    let body = json!({ "token": token, "password": PASSWORD });
    let answer = app.visitor().post("/api/passwords", body).await;

    assert_eq!(answer.status, 204, "{}", answer.text);
    let me = app.admin().await.get("/api/me").await.json();
    assert_eq!(me["email"], ADMIN);
}
