use http::{Method, StatusCode};
use job_engine::storage::Monitor;
use job_engine_dashboard::dashboard;

use crate::jobs::Engine;
use crate::test_dashboard::{Door, TestDashboard, between, full};

#[tokio::test]
async fn every_link_stays_below_the_mount() {
    let engine = Engine::running().await;
    engine.failed("send_mail").await;
    let door = Door::of(full());
    let app = axum::Router::new().nest(
        "/ops/{tenant}/jobs",
        dashboard(engine.storage, door.clone()),
    );
    let dashboard = TestDashboard::around(app, door);

    for path in ["/ops/acme/jobs", "/ops/acme/jobs/jobs/failed"] {
        let page = dashboard.page(path).await;

        for attribute in [
            "href=\"",
            "src=\"",
            "action=\"",
            "formaction=\"",
            "data-events=\"",
        ] {
            for rest in page.split(attribute).skip(1) {
                let url = rest.split('"').next().unwrap_or_default();
                let is_ours = url.starts_with("/ops/acme/jobs") || url.starts_with('#');
                assert!(is_ours, "{attribute}{url} on {path}");
            }
        }
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_pages_not_at_all() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);
    let page = dashboard.get("/hangfire").await;
    let styles = between(&page.body, "rel=\"stylesheet\" href=\"", "\"");
    let script = between(&page.body, "type=\"module\" src=\"", "\"");

    for (path, media_type) in [(styles, "text/css"), (script, "text/javascript")] {
        let asset = dashboard.get(path).await;

        assert_eq!(asset.status, StatusCode::OK);
        assert!(asset.header("content-type").starts_with(media_type));
        assert!(asset.header("cache-control").contains("immutable"));
    }
    assert_eq!(page.header("cache-control"), "no-store");
    let unknown = dashboard.get("/hangfire/assets/dashboard.css").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);

    for access in [full(), job_engine_dashboard::Access::Forbidden] {
        dashboard.door.becomes(access);
        for path in ["/hangfire", "/hangfire/nowhere", "/hangfire/assets/x"] {
            let answer = dashboard.get(path).await;

            assert_eq!(
                answer.header("content-security-policy"),
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            );
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("referrer-policy"), "same-origin");
        }
    }
}

#[tokio::test]
async fn nothing_changes_by_looking() {
    let engine = Engine::running().await;
    let id = engine.failed("send_mail").await;
    let storage = engine.storage;
    let before = storage.job(id).await.expect("memory answers");
    let dashboard = TestDashboard::of(storage.clone());

    for path in [
        format!("/hangfire/jobs/actions/requeue/{id}"),
        "/hangfire/jobs/actions/delete".to_owned(),
        "/hangfire/theme".to_owned(),
    ] {
        let get = dashboard.get(&path).await;
        let head = dashboard
            .send(Method::HEAD, &path, axum::body::Body::empty(), &[])
            .await;

        assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(storage.job(id).await.expect("memory answers"), before);
}

#[tokio::test]
async fn colours_are_kept_in_a_cookie() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);

    let answer = dashboard
        .submit("/hangfire/theme", &[("theme", "dark"), ("back", "/queues")])
        .await;

    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/hangfire/queues");
    assert!(
        dashboard
            .page("/hangfire")
            .await
            .contains("data-theme=\"dark\"")
    );
}
