use axum::body::Body;
use http::{Method, StatusCode};
use job_engine_dashboard::{Access, DashboardOptions};

use crate::jobs::Engine;
use crate::test_dashboard::{TestDashboard, full, read_only};

/// Every address, and some that are none.
const ADDRESSES: [(Method, &str); 36] = [
    (Method::GET, "/hangfire"),
    (Method::GET, "/hangfire/jobs"),
    (Method::GET, "/hangfire/jobs/enqueued"),
    (Method::GET, "/hangfire/jobs/scheduled"),
    (Method::GET, "/hangfire/jobs/processing"),
    (Method::GET, "/hangfire/jobs/succeeded"),
    (Method::GET, "/hangfire/jobs/failed"),
    (Method::GET, "/hangfire/jobs/deleted"),
    (Method::GET, "/hangfire/retries"),
    (
        Method::GET,
        "/hangfire/jobs/details/00000000-0000-0000-0000-000000000000",
    ),
    (Method::GET, "/hangfire/errors"),
    (Method::GET, "/hangfire/operations"),
    (Method::GET, "/hangfire/operations/new"),
    (Method::GET, "/hangfire/audit"),
    (Method::GET, "/hangfire/audit/audit.csv"),
    (Method::GET, "/hangfire/recurring"),
    (Method::GET, "/hangfire/batches"),
    (Method::GET, "/hangfire/kinds"),
    (Method::GET, "/hangfire/queues"),
    (Method::GET, "/hangfire/queues/mail"),
    (Method::GET, "/hangfire/servers"),
    (Method::GET, "/hangfire/events"),
    (Method::GET, "/hangfire/assets/dashboard.css"),
    (Method::GET, "/hangfire/unknown"),
    (Method::GET, "/hangfire/unknown/deeper/still"),
    (Method::HEAD, "/hangfire"),
    (Method::OPTIONS, "/hangfire/queues"),
    (Method::PUT, "/hangfire/queues"),
    (Method::DELETE, "/hangfire/unknown"),
    (Method::POST, "/hangfire/jobs/actions/requeue"),
    (Method::POST, "/hangfire/jobs/actions/trigger"),
    (Method::POST, "/hangfire/jobs/actions/delete"),
    (
        Method::POST,
        "/hangfire/jobs/actions/requeue/00000000-0000-0000-0000-000000000000",
    ),
    (Method::POST, "/hangfire/queues/actions/pause"),
    (Method::POST, "/hangfire/servers/actions/stop"),
    (Method::POST, "/hangfire/theme"),
];

async fn dashboard_for(access: Access) -> TestDashboard {
    let engine = Engine::running().await;
    TestDashboard::with(engine.storage, access, DashboardOptions::default())
}

#[tokio::test]
async fn whoever_is_not_let_in_gets_nowhere_on_any_address() {
    let sign_in = Access::SignIn {
        url: "/sign-in?next=/hangfire".to_owned(),
    };
    for (access, page, other) in [
        (sign_in, StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED),
        (
            Access::Unauthorized,
            StatusCode::UNAUTHORIZED,
            StatusCode::UNAUTHORIZED,
        ),
        (
            Access::Forbidden,
            StatusCode::FORBIDDEN,
            StatusCode::FORBIDDEN,
        ),
    ] {
        let dashboard = dashboard_for(access.clone()).await;
        for (method, path) in ADDRESSES {
            let is_page = matches!(method, Method::GET | Method::HEAD);
            let expected = if is_page { page } else { other };

            let answer = dashboard
                .send(method.clone(), path, Body::empty(), &[])
                .await;

            assert_eq!(answer.status, expected, "{access:?}: {method} {path}");
            assert!(
                !answer.body.contains("<html"),
                "{access:?}: {method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn nobody_is_sent_to_sign_in_with_a_page_only() {
    let dashboard = dashboard_for(Access::SignIn {
        url: "/sign-in?next=/hangfire".to_owned(),
    })
    .await;

    let page = dashboard.get("/hangfire/jobs/failed").await;
    let asset = dashboard
        .send(
            Method::GET,
            "/hangfire/assets/x.css",
            Body::empty(),
            &[("accept", "text/css")],
        )
        .await;

    assert_eq!(page.header("location"), "/sign-in?next=/hangfire");
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(asset.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn whoever_is_let_in_sees_every_page() {
    for access in [full(), read_only()] {
        let dashboard = dashboard_for(access).await;
        for path in [
            "/hangfire",
            "/hangfire/jobs",
            "/hangfire/jobs/enqueued",
            "/hangfire/jobs/scheduled",
            "/hangfire/jobs/processing",
            "/hangfire/jobs/succeeded",
            "/hangfire/jobs/failed",
            "/hangfire/jobs/deleted",
            "/hangfire/retries",
            "/hangfire/queues",
            "/hangfire/servers",
        ] {
            dashboard.page(path).await;
        }
    }
}
