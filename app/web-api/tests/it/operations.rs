use http::Method;
use serde_json::json;

use crate::eventually::eventually;
use crate::executable::Executable;
use crate::person::Person;
use crate::tenants::create;
use crate::test_app::{ADMIN, PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_requests_and_jobs_for_who_may_see_them() {
    let token = "a token of many letters";
    let app = TestApp::with(&[("DIQUIS_METRICS_TOKEN", token), ("DIQUIS_WORKERS", "0")]).await;
    create(&app.admin().await, "Acme").await;
    let mut scraper = app.visitor();
    scraper.access_token = Some(token.to_owned());
    let mut guesser = app.visitor();
    guesser.access_token = Some("a token of many LETTERS".to_owned());

    let answer = scraper.get("/metrics").await;

    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    for line in [
        "jobs{state=\"Enqueued\"} 1",
        "http_requests_total{method=\"POST\",route=\"/api/tenants\",status=\"202\"}",
        "http_request_duration_seconds_bucket{",
        "hub_connections 0",
    ] {
        assert!(answer.text.contains(line), "{line} in {}", answer.text);
    }
    guesser.get("/metrics").await.problem(401);
}

/// In a process of its own, for the recorder of this one may be older than its servers.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_how_jobs_wait_and_run() {
    let folder = tempfile::tempdir().expect("a directory");
    let server = Executable::serve(folder.path(), &[]);
    let admin = Person::sign_in(server.address, ADMIN, PASSWORD).await;

    assert_eq!(create(&admin, "Acme").await.status, 202);

    let page = eventually("a job that succeeded", async || {
        let page = admin.get("/metrics").await.text;
        let succeeded = "job_engine_succeeded_total{kind=\"provision_tenant\"} 1";
        page.contains(succeeded).then_some(page)
    })
    .await;
    for line in [
        "job_engine_claimed_total{kind=\"provision_tenant\"} 1",
        "job_engine_waited_seconds_bucket{kind=\"provision_tenant\",le=\"+Inf\"} 1",
        "job_engine_run_seconds_bucket{kind=\"provision_tenant\",le=\"+Inf\"} 1",
    ] {
        assert!(page.contains(line), "{line} in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_the_api_that_is_none_answers_a_problem() {
    let app = TestApp::start().await;

    let unknown = app.visitor().get("/api/no-such-thing").await;
    let wrong_method = app
        .visitor()
        .send(Method::PUT, "/api/tenants", None, &[])
        .await;

    unknown.problem(404);
    wrong_method.problem(405);
    let instance = unknown.json()["instance"].clone();
    assert_eq!(
        instance,
        format!("urn:uuid:{}", unknown.header("x-request-id"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_for_a_page_of_another_site() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "name": "Acme", "adminEmail": "a@b.test" });

    for elsewhere in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://elsewhere.test"),
        ("origin", "null"),
    ] {
        for path in [
            "/api/tenants",
            "/api/sessions/refresh",
            "/api/job-queues/default/pause",
            "/hangfire/theme",
        ] {
            let answer = admin
                .send(Method::POST, path, Some(body.clone()), &[elsewhere])
                .await;
            assert_eq!(answer.status, 403, "{path} {elsewhere:?}");
        }
    }

    assert_eq!(admin.get("/api/tenants").await.json()["total"], 0);
    let own_page = [("sec-fetch-site", "same-origin")];
    let answer = admin
        .send(Method::POST, "/api/tenants", Some(body), &own_page)
        .await;
    assert_eq!(answer.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_of_the_api_is_served() {
    let app = TestApp::start().await;

    let answer = app.visitor().get("/api/openapi.json").await;

    assert_eq!(answer.text, web_api::openapi::json());
    assert_eq!(answer.header("content-type"), "application/json");
}
