use std::{convert::Infallible, time::Duration};

use axum::{body::Body, extract::Request};
use futures_util::stream;
use http::{Response, StatusCode, header};
use serde_json::json;
use signalr_hub::{HubOptions, Transports};
use tokio::time::{Instant, timeout};

use crate::test_hub::{self, TestHub, text};

const HELLO: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";

/// More than the hub keeps for a connection whose messages it does not read.
const TOO_MUCH: usize = 200_000;

async fn negotiate(hub: &TestHub) -> String {
    let offer = test_hub::json(hub.post("/hub/negotiate?negotiateVersion=1").await).await;
    format!("/hub?id={}", offer["connectionToken"].as_str().unwrap())
}

async fn send(hub: &TestHub, path: &str, body: impl Into<Body>) -> Response<Body> {
    let request = Request::post(path).body(body.into()).unwrap();
    hub.request(request).await
}

async fn receive(hub: &TestHub, method: &str, path: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path);
    hub.request(request.body(Body::empty()).unwrap()).await
}

/// A connection that polls and has said hello.
async fn connect(hub: &TestHub) -> String {
    let path = negotiate(hub).await;
    receive(hub, "GET", &path).await;
    send(hub, &path, HELLO).await;
    assert_eq!(text(receive(hub, "GET", &path).await).await, "{}\u{1e}");
    path
}

fn call(id: &str, target: &str, arguments: &serde_json::Value) -> String {
    let message = json!({"type": 1, "invocationId": id, "target": target, "arguments": arguments});
    format!("{message}\u{1e}")
}

#[tokio::test]
async fn posts_at_the_same_time_are_passed_on_one_after_the_other() {
    let hub = TestHub::start(HubOptions::default());
    let path = connect(&hub).await;
    let large = "x".repeat(20_000);
    let (first, second) = (
        call("1", "Echo", &json!([large])),
        call("2", "Echo", &json!([large])),
    );

    let answers = tokio::join!(
        send(&hub, &path, in_pieces(&first)),
        send(&hub, &path, in_pieces(&second))
    );

    assert_eq!(answers.0.status(), StatusCode::OK);
    assert_eq!(answers.1.status(), StatusCode::OK);
    let mut answered = String::new();
    while answered.matches('\u{1e}').count() < 2 {
        answered += &text(receive(&hub, "GET", &path).await).await;
    }
    assert_eq!(answered.matches(&large).count(), 2);
}

fn in_pieces(text: &str) -> Body {
    let pieces: Vec<_> = text.as_bytes().chunks(1_000).map(<[u8]>::to_vec).collect();
    Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)))
}

#[tokio::test]
async fn a_body_that_breaks_off_is_answered_with_400_and_the_connection_goes_on() {
    let hub = TestHub::start(HubOptions::default());
    let path = connect(&hub).await;

    let broken = stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("cut off"))]);
    let refused = send(&hub, &path, Body::from_stream(broken)).await;

    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    send(&hub, &path, call("1", "Echo", &json!([1]))).await;
    assert!(
        text(receive(&hub, "GET", &path).await)
            .await
            .contains("\"result\":1")
    );
}

#[tokio::test]
async fn a_post_waits_while_the_hub_does_not_read_and_learns_that_the_connection_ended() {
    let mut hub = TestHub::start(HubOptions {
        max_message_size: 0,
        ..HubOptions::default()
    });
    let path = connect(&hub).await;
    send(&hub, &path, call("1", "Wait", &json!([]))).await;
    send(&hub, &path, call("2", "Nothing", &json!([]))).await;
    assert_eq!(hub.event().await, "connected");
    assert_eq!(hub.event().await, "waiting");

    let posting = send(&hub, &path, "x".repeat(TOO_MUCH));
    let deleting = async {
        // Still possible while a POST waits: a poll, and the end.
        send_and_forget(&hub, &path).await;
        receive(&hub, "DELETE", &path).await
    };
    let (posted, deleted) = tokio::join!(biased; posting, deleting);

    assert_eq!(deleted.status(), StatusCode::ACCEPTED);
    assert_eq!(posted.status(), StatusCode::NOT_FOUND);
}

/// A poll that finds nothing and is not waited for.
async fn send_and_forget(hub: &TestHub, path: &str) {
    let poll = receive(hub, "GET", path);
    assert!(timeout(Duration::from_millis(1), poll).await.is_err());
}

#[tokio::test]
async fn deleting_does_not_wait_for_a_call_that_goes_on() {
    let mut hub = TestHub::start(HubOptions::default());
    let path = connect(&hub).await;
    send(&hub, &path, call("1", "Wait", &json!([]))).await;
    assert_eq!(hub.event().await, "connected");
    assert_eq!(hub.event().await, "waiting");

    let deleted = receive(&hub, "DELETE", &path).await;

    assert_eq!(deleted.status(), StatusCode::ACCEPTED);
    assert_eq!(hub.event().await, "cancelled");
    assert_eq!(hub.event().await, "disconnected: in peace");
}

#[tokio::test]
async fn deleting_needs_a_connection_that_polls() {
    let hub = TestHub::start(HubOptions::default());
    let path = negotiate(&hub).await;
    let _client = hub.connect_to(&path).await;

    let refused = receive(&hub, "DELETE", &path).await;

    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        text(refused).await,
        "Cannot terminate this connection using the DELETE endpoint."
    );
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_poll_leaves_its_connection_fifteen_seconds() {
    let mut hub = TestHub::start(HubOptions::default());
    let path = connect(&hub).await;
    assert_eq!(hub.event().await, "connected");
    let poll = receive(&hub, "GET", &path);
    assert!(timeout(Duration::from_secs(40), poll).await.is_err());
    let start = Instant::now();

    assert_eq!(
        hub.event().await,
        "disconnected: the client did not come back"
    );

    assert!((15..=17).contains(&start.elapsed().as_secs()));
}

#[tokio::test]
async fn each_transport_can_be_left_out() {
    let none = Transports {
        web_sockets: false,
        server_sent_events: false,
        long_polling: false,
    };
    for (transports, refused) in [
        (
            Transports {
                long_polling: true,
                ..none
            },
            ["WebSockets", "ServerSentEvents"],
        ),
        (
            Transports {
                server_sent_events: true,
                ..none
            },
            ["WebSockets", "LongPolling"],
        ),
        (
            Transports {
                web_sockets: true,
                ..none
            },
            ["ServerSentEvents", "LongPolling"],
        ),
    ] {
        let mut options = HubOptions::default();
        options.connections.transports = transports;
        let hub = TestHub::start(options);
        let path = negotiate(&hub).await;
        for name in refused {
            let answer = hub.request(request_of(name, &path)).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
            let reason = format!("{name} transport not supported by this end point type");
            assert_eq!(text(answer).await, reason);
        }
    }
}

fn request_of(transport: &str, path: &str) -> Request {
    let request = Request::get(path);
    let request = match transport {
        "WebSockets" => request
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket"),
        "ServerSentEvents" => request.header(header::ACCEPT, "text/event-stream"),
        _ => request,
    };
    request.body(Body::empty()).unwrap()
}
