use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::person::Person;
use crate::test_app::TestApp;

/// Who gets which answer: nobody, a tenant's owner, a Super Admin. Bodies are empty and ids unknown,
/// so who is let in gets 400 or 404 where there is nothing to answer.
const ROUTES: [(&str, [u16; 3]); 65] = [
    ("GET /health/live", [200, 200, 200]),
    ("GET /health/ready", [200, 200, 200]),
    ("GET /api/openapi.json", [200, 200, 200]),
    ("GET /metrics", [401, 403, 200]),
    ("POST /api/sessions", [400, 400, 400]),
    ("POST /api/sessions/refresh", [401, 401, 401]),
    ("GET /api/me", [401, 200, 200]),
    ("POST /api/sign-up", [400, 400, 400]),
    ("POST /api/passwords", [400, 400, 400]),
    ("GET /api/slugs/{slug}", [200, 200, 200]),
    ("GET /api/tenants", [401, 403, 200]),
    ("POST /api/tenants", [401, 403, 400]),
    ("GET /api/tenants/{id}", [401, 403, 404]),
    ("POST /api/tenants/{id}/retry", [401, 403, 404]),
    ("GET /api/tenant", [401, 200, 403]),
    ("GET /api/mails", [401, 403, 200]),
    ("GET /api/mails/{id}", [401, 403, 404]),
    ("GET /api/notifications", [401, 200, 200]),
    ("POST /api/notifications/{id}/read", [401, 404, 404]),
    ("POST /api/notifications/read-all", [401, 204, 204]),
    (
        "POST /hubs/notifications/negotiate?negotiateVersion=1",
        [401, 200, 200],
    ),
    ("GET /api/jobs", [401, 403, 200]),
    ("GET /api/jobs/{id}", [401, 403, 404]),
    ("POST /api/jobs/{id}/{command}", [401, 403, 404]),
    ("GET /api/job-engine", [401, 403, 200]),
    ("GET /api/job-errors", [401, 403, 200]),
    ("GET /api/job-audit", [401, 403, 200]),
    ("GET /api/job-operations", [401, 403, 200]),
    ("POST /api/job-operations", [401, 403, 400]),
    ("GET /api/job-operations/{id}", [401, 403, 404]),
    ("POST /api/job-operations/{id}/stop", [401, 403, 404]),
    ("GET /api/jobs/{id}/log", [401, 403, 404]),
    ("POST /api/jobs/{id}/copies", [401, 403, 404]),
    ("GET /api/job-throughput", [401, 403, 200]),
    ("GET /api/job-kinds", [401, 403, 200]),
    ("GET /api/job-queues", [401, 403, 200]),
    ("POST /api/job-queues/{queue}/pause", [401, 403, 400]),
    ("POST /api/job-queues/{queue}/resume", [401, 403, 409]),
    ("GET /api/job-limits", [401, 403, 200]),
    ("PUT /api/job-limits/{of}/{name}", [401, 403, 415]),
    ("DELETE /api/job-limits/{of}/{name}", [401, 403, 409]),
    ("GET /api/job-servers", [401, 403, 200]),
    ("POST /api/job-servers/{id}/{order}", [401, 403, 404]),
    ("GET /api/job-batches", [401, 403, 200]),
    ("GET /api/job-batches/{id}", [401, 403, 404]),
    ("GET /api/recurring-jobs", [401, 403, 200]),
    ("GET /api/recurring-jobs/{id}", [401, 403, 404]),
    ("DELETE /api/recurring-jobs/{id}", [401, 403, 404]),
    ("GET /api/recurring-jobs/{id}/runs", [401, 403, 404]),
    ("POST /api/recurring-jobs/{id}/run", [401, 403, 404]),
    ("POST /api/recurring-jobs/{id}/pause", [401, 403, 404]),
    ("POST /api/recurring-jobs/{id}/resume", [401, 403, 404]),
    ("PUT /api/recurring-jobs/{id}/schedule", [401, 403, 415]),
    ("GET /api/no-such-thing", [404, 404, 404]),
    ("GET /hangfire", [401, 403, 200]),
    ("GET /hangfire/", [308, 308, 308]),
    ("GET /hangfire/jobs/failed", [401, 403, 200]),
    ("GET /hangfire/jobs/details/{id}", [401, 403, 404]),
    ("GET /hangfire/events", [401, 403, 200]),
    ("GET /hangfire/recurring", [401, 403, 200]),
    ("GET /hangfire/no-such-page", [401, 403, 404]),
    ("POST /hangfire/jobs/actions/requeue/{id}", [401, 403, 415]),
    ("POST /hangfire/recurring/run/{id}", [401, 403, 415]),
    ("POST /hangfire/no-such-action", [401, 403, 404]),
    // Last, because it ends the session.
    ("DELETE /api/sessions/current", [204, 204, 204]),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_route_answers_by_role() {
    let app = TestApp::start().await;
    let people = [
        app.visitor(),
        app.owner("Térraba Boats", "rosa@terraba.test")
            .await
            .with_token_alone(),
        app.admin().await.with_token_alone(),
    ];

    for (route, expected) in ROUTES {
        let mut statuses = Vec::new();
        for person in &people {
            statuses.push(status_of(person, route).await);
        }
        assert_eq!(statuses, expected, "{route}");
    }
}

#[test]
fn each_described_route_has_a_row() {
    let described: Value = serde_json::from_str(&web_api::openapi::json()).expect("JSON");
    let rows: BTreeSet<&str> = ROUTES.iter().map(|(route, _)| *route).collect();

    for (path, operations) in described["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            let route = format!("{} {path}", method.to_uppercase());
            assert!(rows.contains(route.as_str()), "{route} has no row");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_reach_the_dashboard_by_its_cookie() {
    let app = TestApp::start().await;
    let admin = app.admin().await.with_cookies_alone();
    let owner = app.owner("Térraba Boats", "rosa@terraba.test").await;
    let page = [("accept", "text/html")];

    let for_admin = admin.send(Method::GET, "/hangfire", None, &page).await;
    let for_owner = owner
        .with_cookies_alone()
        .send(Method::GET, "/hangfire", None, &page)
        .await;
    let for_nobody = app
        .visitor()
        .send(Method::GET, "/hangfire/retries?page=2", None, &page)
        .await;

    assert_eq!(for_admin.status, 200);
    assert_eq!(for_owner.status, 403);
    assert_eq!(for_nobody.status, 303);
    assert_eq!(
        for_nobody.header("location"),
        "/sign-in?returnTo=/hangfire/retries%3Fpage%3D2"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_does_not_open_the_api() {
    let app = TestApp::start().await;
    let admin = app.admin().await.with_cookies_alone();

    let answer = admin.get("/api/tenants").await;

    answer.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_address_counts_for_the_hub_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let token = admin.access_token.as_deref().expect("a token");

    let api = app
        .visitor()
        .get(&format!("/api/me?access_token={token}"))
        .await;
    let page = app
        .visitor()
        .get(&format!("/hangfire?access_token={token}"))
        .await;

    assert_eq!(api.status, 401);
    assert_eq!(page.status, 401);
}

async fn status_of(person: &Person, route: &str) -> u16 {
    let (method, path) = route.split_once(' ').expect("method and path");
    let path = path
        .replace("{id}", &Uuid::now_v7().to_string())
        .replace("{command}", "requeue")
        .replace("{queue}", "mail")
        .replace("{of}", "queue")
        .replace("{name}", "mail")
        .replace("{order}", "quiet")
        .replace("{slug}", "a-free-one");
    let wants_body = method == "POST" && path.starts_with("/api/");
    let body = wants_body.then(|| json!({}));
    let method: Method = method.parse().expect("a method");

    if path == "/hangfire/events" {
        return person.status_of_stream(&path).await;
    }
    person.send(method, &path, body, &[]).await.status.as_u16()
}
