use axum::{
    body::{Body, BodyDataStream},
    extract::Request,
};
use futures_util::StreamExt;
use http::{Response, StatusCode, header};
use signalr_hub::HubOptions;

use crate::test_hub::{TestHub, json, text};

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";

async fn negotiate(hub: &TestHub) -> String {
    let offer = json(hub.post("/hub/negotiate?negotiateVersion=1").await).await;
    format!("/hub?id={}", offer["connectionToken"].as_str().unwrap())
}

async fn open(hub: &TestHub, path: &str) -> Response<Body> {
    let request = Request::get(path)
        .header(header::ACCEPT, "text/event-stream")
        .body(Body::empty());
    hub.request(request.unwrap()).await
}

async fn send(hub: &TestHub, path: &str, message: &str) {
    let request = Request::post(path).body(Body::from(message.to_owned()));
    let answer = hub.request(request.unwrap()).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

async fn next(events: &mut BodyDataStream) -> String {
    let bytes = events.next().await.expect("the stream goes on").unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn each_event_is_whole_messages_after_an_opening_that_browsers_notice() {
    let hub = TestHub::start(HubOptions::default());
    let path = negotiate(&hub).await;

    let answer = open(&hub, &path).await;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-cache,no-store");
    assert_eq!(answer.headers()[header::CONTENT_ENCODING], "identity");
    let mut events = answer.into_body().into_data_stream();

    assert_eq!(next(&mut events).await, ":\r\n");
    send(&hub, &path, HANDSHAKE).await;
    assert_eq!(next(&mut events).await, "data: {}\u{1e}\r\n\r\n");
}

#[tokio::test]
async fn a_connection_has_one_stream_which_ends_it() {
    let mut hub = TestHub::start(HubOptions::default());
    let path = negotiate(&hub).await;
    let first = open(&hub, &path).await;
    send(&hub, &path, HANDSHAKE).await;
    assert_eq!(hub.event().await, "connected");

    assert_eq!(open(&hub, &path).await.status(), StatusCode::CONFLICT);
    drop(first);

    assert_eq!(hub.event().await, "disconnected: in peace");
    assert_eq!(open(&hub, &path).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_stream_ends_with_the_connection() {
    let hub = TestHub::start(HubOptions::default());
    let path = negotiate(&hub).await;
    let mut events = open(&hub, &path).await.into_body().into_data_stream();
    next(&mut events).await;
    send(&hub, &path, HANDSHAKE).await;
    next(&mut events).await;

    send(&hub, &path, "{\"type\":7}\u{1e}").await;

    assert_eq!(next(&mut events).await, "data: {\"type\":7}\u{1e}\r\n\r\n");
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_binary_protocol_is_refused_by_name() {
    let hub = TestHub::start(HubOptions {
        message_pack: true,
        ..HubOptions::default()
    });
    let path = negotiate(&hub).await;
    let mut events = open(&hub, &path).await.into_body().into_data_stream();
    next(&mut events).await;

    send(
        &hub,
        &path,
        "{\"protocol\":\"messagepack\",\"version\":1}\u{1e}",
    )
    .await;

    assert!(next(&mut events).await.contains(
        "Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format."
    ));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_stream_needs_an_id() {
    let hub = TestHub::start(HubOptions::default());

    let refused = open(&hub, "/hub").await;

    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(text(refused).await, "Connection ID required");
}
