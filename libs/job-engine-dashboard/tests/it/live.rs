use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use job_engine_dashboard::{Access, DashboardOptions};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::jobs::Engine;
use crate::test_dashboard::{TestDashboard, full};

/// An open event stream.
struct Stream {
    body: BodyDataStream,
}

impl Stream {
    async fn open(dashboard: &TestDashboard) -> Self {
        let request = Request::get("/hangfire/events").body(Body::empty());
        let request = request.expect("the request is valid");
        let response = dashboard.app.clone().oneshot(request).await;
        let response = response.expect("a router does not fail");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body().into_data_stream(),
        }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<String> {
        loop {
            let bytes = self.body.next().await?.expect("the stream does not fail");
            let text = String::from_utf8(bytes.to_vec()).expect("events are text");
            if !text.starts_with(':') {
                return Some(text);
            }
        }
    }
}

async fn dashboard(options: DashboardOptions) -> (Engine, TestDashboard) {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::with(engine.storage.clone(), full(), options);
    (engine, dashboard)
}

#[tokio::test(start_paused = true)]
async fn a_page_hears_of_a_change_within_one_interval() {
    let (engine, dashboard) = dashboard(DashboardOptions::default()).await;
    let mut stream = Stream::open(&dashboard).await;
    let first = stream.next().await.expect("the stream is open");
    assert!(
        first.contains("event: counts") && first.contains("\"failed\":0"),
        "{first}"
    );

    let before = tokio::time::Instant::now();
    engine.failed("send_mail").await;
    let second = stream.next().await.expect("the stream is open");

    assert!(second.contains("\"failed\":1"), "{second}");
    assert!(before.elapsed() <= Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn a_busy_engine_sends_two_messages_a_second_at_most() {
    let (engine, dashboard) = dashboard(DashboardOptions::default()).await;
    let mut stream = Stream::open(&dashboard).await;
    stream.next().await.expect("the stream is open");

    let before = tokio::time::Instant::now();
    for _ in 0..10 {
        engine.succeeded("send_mail").await;
        engine.succeeded("send_mail").await;
        stream.next().await.expect("the stream is open");
    }

    assert!(before.elapsed() >= Duration::from_millis(4500));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_engine_sends_a_message_all_the_same() {
    let (_engine, dashboard) = dashboard(DashboardOptions::default()).await;
    let mut stream = Stream::open(&dashboard).await;
    stream.next().await.expect("the stream is open");

    let before = tokio::time::Instant::now();
    stream.next().await.expect("the stream is open");

    assert!(before.elapsed() <= Duration::from_millis(5500));
}

#[tokio::test(start_paused = true)]
async fn a_lost_role_closes_the_page_within_seconds() {
    for lost in [
        Access::Forbidden,
        Access::Unauthorized,
        Access::ReadOnly {
            actor: "ada@example.org".to_owned(),
        },
    ] {
        let (_engine, dashboard) = dashboard(DashboardOptions::default()).await;
        let mut stream = Stream::open(&dashboard).await;
        stream.next().await.expect("the stream is open");

        let before = tokio::time::Instant::now();
        dashboard.door.becomes(lost);
        let mut last = String::new();
        while let Some(event) = stream.next().await {
            last = event;
        }

        assert!(last.contains("event: closed"), "{last}");
        assert!(before.elapsed() <= Duration::from_secs(3));
    }
}

#[tokio::test(start_paused = true)]
async fn further_pages_than_allowed_are_told_to_come_back() {
    let (_engine, dashboard) = dashboard(DashboardOptions {
        live_pages: 1,
        ..DashboardOptions::default()
    })
    .await;
    let stream = Stream::open(&dashboard).await;

    let refused = dashboard.get("/hangfire/events").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.header("retry-after"), "15");

    drop(stream);
    Stream::open(&dashboard).await;
}

#[tokio::test(start_paused = true)]
async fn streams_end_when_the_application_stops() {
    let stop = CancellationToken::new();
    let (_engine, dashboard) = dashboard(DashboardOptions {
        stop: stop.clone(),
        ..DashboardOptions::default()
    })
    .await;
    let mut stream = Stream::open(&dashboard).await;
    stream.next().await.expect("the stream is open");

    stop.cancel();

    assert_eq!(stream.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn the_next_page_is_live_after_the_last_one_left() {
    let (engine, dashboard) = dashboard(DashboardOptions::default()).await;
    let mut first = Stream::open(&dashboard).await;
    first.next().await.expect("the stream is open");
    drop(first);
    tokio::time::advance(Duration::from_mins(1)).await;

    let mut second = Stream::open(&dashboard).await;
    engine.failed("send_mail").await;

    let mut event = String::new();
    while !event.contains("\"failed\":1") {
        event = second.next().await.expect("the stream is open");
    }
}
