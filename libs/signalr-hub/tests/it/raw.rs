use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
};
use futures_util::{SinkExt, StreamExt};
use http::{Response, StatusCode, header};
use signalr_hub::{ConnectionOptions, RawConnection, RawError, raw_router};
use tokio::io::DuplexStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};
use tower::ServiceExt;

use crate::test_hub::{dial, json, text};

/// Sends back what comes; fails or panics if told to, and ends at a full stop.
async fn obedient(connection: RawConnection) -> Result<(), RawError> {
    while let Some(bytes) = connection.receive().await {
        match &*bytes {
            b"fail" => return Err("as told".into()),
            b"panic" => panic!("as told"),
            b"." => return Ok(()),
            _ => connection.send(bytes).await,
        }
    }
    Ok(())
}

fn router() -> Router {
    raw_router("/raw", ConnectionOptions::default(), obedient)
}

async fn socket(router: &Router) -> WebSocketStream<DuplexStream> {
    let (socket, _) = client_async("ws://test/raw", dial(router)).await.unwrap();
    socket
}

async fn request(router: &Router, request: http::request::Builder, body: &str) -> Response<Body> {
    let request: Request = request.body(Body::from(body.to_owned())).unwrap();
    let Ok(response) = router.clone().oneshot(request).await;
    response
}

async fn negotiate(router: &Router) -> String {
    let negotiate = Request::post("/raw/negotiate?negotiateVersion=1");
    let offer = json(request(router, negotiate, "").await).await;
    format!("/raw?id={}", offer["connectionToken"].as_str().unwrap())
}

#[tokio::test]
async fn what_comes_over_a_socket_goes_back_over_it() {
    let router = router();
    let mut socket = socket(&router).await;

    socket.send(Message::text("hello")).await.unwrap();

    assert_eq!(
        socket.next().await.unwrap().unwrap(),
        Message::text("hello")
    );
}

#[tokio::test]
async fn each_line_of_an_event_is_said_to_be_data() {
    let router = router();
    let path = negotiate(&router).await;
    let open = Request::get(&path).header(header::ACCEPT, "text/event-stream");
    let mut events = request(&router, open, "")
        .await
        .into_body()
        .into_data_stream();
    events.next().await.unwrap().unwrap();

    for (text, event) in [
        ("one", "data: one\r\n\r\n"),
        ("one\ntwo", "data: one\r\ndata: two\r\n\r\n"),
        ("one\r\ntwo", "data: one\r\ndata: two\r\n\r\n"),
        (
            "one\n\ntwo\n",
            "data: one\r\ndata: \r\ndata: two\r\ndata: \r\n\r\n",
        ),
    ] {
        request(&router, Request::post(&path), text).await;
        assert_eq!(
            events.next().await.unwrap().unwrap(),
            Bytes::from(event),
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn a_socket_whose_application_fails_is_closed_with_1011() {
    let router = router();
    for order in ["fail", "panic"] {
        let mut socket = socket(&router).await;

        socket.send(Message::text("first")).await.unwrap();
        socket.next().await.unwrap().unwrap();
        socket.send(Message::text(order)).await.unwrap();

        let Some(Ok(Message::Close(Some(close)))) = socket.next().await else {
            panic!("not closed after {order}");
        };
        assert_eq!(close.code, CloseCode::Error, "{order}");
    }
}

#[tokio::test]
async fn a_socket_whose_application_ends_is_closed_with_1000() {
    let router = router();
    let mut socket = socket(&router).await;

    socket.send(Message::text(".")).await.unwrap();

    let Some(Ok(Message::Close(Some(close)))) = socket.next().await else {
        panic!("not closed");
    };
    assert_eq!(close.code, CloseCode::Normal);
}

#[tokio::test]
async fn an_event_stream_whose_application_fails_breaks_off() {
    let router = router();
    for (order, breaks_off) in [("fail", true), (".", false)] {
        let path = negotiate(&router).await;
        let open = Request::get(&path).header(header::ACCEPT, "text/event-stream");
        let mut events = request(&router, open, "")
            .await
            .into_body()
            .into_data_stream();
        assert_eq!(events.next().await.unwrap().unwrap(), Bytes::from(":\r\n"));

        request(&router, Request::post(&path), order).await;

        let last = events.next().await;
        assert_eq!(
            last.is_some_and(|event| event.is_err()),
            breaks_off,
            "{order}"
        );
    }
}

#[tokio::test]
async fn a_poll_whose_application_fails_is_answered_with_500_and_the_connection_is_gone() {
    let router = router();
    for (order, status) in [
        ("fail", StatusCode::INTERNAL_SERVER_ERROR),
        (".", StatusCode::NO_CONTENT),
    ] {
        let path = negotiate(&router).await;
        request(&router, Request::get(&path), "").await;
        request(&router, Request::post(&path), "hello").await;
        assert_eq!(
            text(request(&router, Request::get(&path), "").await).await,
            "hello"
        );

        request(&router, Request::post(&path), order).await;

        let last = request(&router, Request::get(&path), "").await;
        assert_eq!(last.status(), status, "{order}");
        let after = request(&router, Request::get(&path), "").await;
        assert_eq!(after.status(), StatusCode::NOT_FOUND, "{order}");
    }
}
