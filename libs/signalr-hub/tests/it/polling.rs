use std::time::Duration;

use axum::{body::Body, extract::Request};
use http::{Response, StatusCode, header};
use serde_json::{Value, json};
use signalr_hub::HubOptions;
use tokio::time::Instant;

use crate::test_hub::{TestHub, json, text, with_users};

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":0}\u{1e}";

/// A connection that polls.
struct Poller<'a> {
    hub: &'a TestHub,
    path: String,
}

impl<'a> Poller<'a> {
    async fn negotiate(hub: &'a TestHub) -> Self {
        let offer = json(hub.post("/hub/negotiate?negotiateVersion=1").await).await;
        let token = offer["connectionToken"].as_str().unwrap();
        Self {
            hub,
            path: format!("/hub?id={token}"),
        }
    }

    /// One that has said hello.
    async fn connect(hub: &'a TestHub) -> Self {
        let poller = Self::negotiate(hub).await;
        assert_eq!(poller.poll().await.status(), StatusCode::OK);
        poller.send(HANDSHAKE).await;
        assert_eq!(text(poller.poll().await).await, "{}\u{1e}");
        poller
    }

    async fn poll(&self) -> Response<Body> {
        self.hub
            .request(Request::get(&self.path).body(Body::empty()).unwrap())
            .await
    }

    async fn send(&self, message: &str) -> Response<Body> {
        let body = Body::from(message.to_owned());
        self.hub
            .request(Request::post(&self.path).body(body).unwrap())
            .await
    }

    async fn delete(&self) -> Response<Body> {
        self.hub
            .request(Request::delete(&self.path).body(Body::empty()).unwrap())
            .await
    }

    async fn message(&self) -> Value {
        let answer = text(self.poll().await).await;
        serde_json::from_str(answer.trim_end_matches('\u{1e}')).unwrap()
    }
}

#[tokio::test]
async fn the_first_poll_is_answered_at_once_and_a_call_by_a_later_one() {
    let hub = TestHub::start(HubOptions::default());
    let poller = Poller::negotiate(&hub).await;

    let first = poller.poll().await;
    assert_eq!(
        first.headers()[header::CONTENT_TYPE],
        "application/octet-stream"
    );
    assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache, no-store");
    assert_eq!(text(first).await, "");

    poller.send(HANDSHAKE).await;
    assert_eq!(poller.message().await, json!({}));
    let call = "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Add\",\"arguments\":[1,2]}\u{1e}";
    assert_eq!(poller.send(call).await.status(), StatusCode::OK);
    assert_eq!(poller.message().await["result"], 3);
}

#[tokio::test]
async fn what_is_sent_before_the_first_poll_is_kept() {
    let hub = TestHub::start(HubOptions::default());
    let poller = Poller::negotiate(&hub).await;

    assert_eq!(poller.send(HANDSHAKE).await.status(), StatusCode::OK);
    assert_eq!(text(poller.poll().await).await, "");

    assert_eq!(poller.message().await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_finds_nothing_is_answered_after_ninety_seconds() {
    let hub = TestHub::start(HubOptions::default());
    let poller = Poller::connect(&hub).await;
    let start = Instant::now();

    let empty = poller.poll().await;

    assert_eq!(start.elapsed().as_secs(), 90);
    assert_eq!(empty.status(), StatusCode::OK);
    assert_eq!(empty.headers()[header::CONTENT_TYPE], "text/plain");
    assert_eq!(text(empty).await, "");
}

#[tokio::test]
async fn a_later_poll_takes_the_place_of_an_earlier_one() {
    let hub = TestHub::start(HubOptions::default());
    let poller = Poller::connect(&hub).await;

    let (earlier, later) = tokio::join!(biased; poller.poll(), async {
        let later = poller.poll();
        let told = async {
            tokio::task::yield_now().await;
            hub.context.clients().all().send("Told", ("x",)).await.unwrap();
        };
        tokio::join!(biased; later, told).0
    });

    assert_eq!(earlier.status(), StatusCode::NO_CONTENT);
    assert!(text(later).await.contains("Told"));
}

#[tokio::test]
async fn deleting_ends_the_connection_and_its_poll() {
    let mut hub = TestHub::start(HubOptions::default());
    let poller = Poller::connect(&hub).await;

    let (poll, deleted) = tokio::join!(biased; poller.poll(), poller.delete());

    assert_eq!(deleted.status(), StatusCode::ACCEPTED);
    assert_eq!(poll.status(), StatusCode::NO_CONTENT);
    assert_eq!(poller.delete().await.status(), StatusCode::NOT_FOUND);
    assert_eq!(poller.poll().await.status(), StatusCode::NOT_FOUND);
    assert_eq!(poller.send("x").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(hub.event().await, "connected");
    assert_eq!(hub.event().await, "disconnected: in peace");
}

#[tokio::test]
async fn the_last_message_is_delivered_before_the_end_is_told() {
    let hub = TestHub::start(HubOptions::default());
    let poller = Poller::connect(&hub).await;

    poller
        .send("{\"type\":1,\"target\":\"Abort\",\"arguments\":[]}\u{1e}")
        .await;

    assert_eq!(poller.message().await, json!({"type": 7}));
    assert_eq!(poller.poll().await.status(), StatusCode::NO_CONTENT);
    assert_eq!(poller.poll().await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_poll_again_is_gone_after_fifteen_seconds() {
    let mut hub = TestHub::start(HubOptions::default());
    Poller::connect(&hub).await;
    hub.event().await;
    let start = Instant::now();

    assert_eq!(
        hub.event().await,
        "disconnected: the client did not come back"
    );

    assert!((15..=17).contains(&start.elapsed().as_secs()));
}

#[tokio::test]
async fn a_transport_is_chosen_once() {
    let hub = TestHub::start(HubOptions::default());
    let poller = Poller::connect(&hub).await;

    let events = hub
        .request(
            Request::get(&poller.path)
                .header(header::ACCEPT, "text/event-stream")
                .body(Body::empty())
                .unwrap(),
        )
        .await;

    assert_eq!(events.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        text(events).await,
        "Cannot change transports mid-connection"
    );
}

#[tokio::test]
async fn requests_without_id_or_with_an_unknown_one_are_refused() {
    let hub = TestHub::start(HubOptions::default());
    for method in ["GET", "POST", "DELETE"] {
        let request = |path: &str| {
            let request = Request::builder().method(method).uri(path);
            request.body(Body::empty()).unwrap()
        };

        let without = hub.request(request("/hub")).await;
        let unknown = hub.request(request("/hub?id=x")).await;

        assert_eq!(without.status(), StatusCode::BAD_REQUEST);
        assert_eq!(text(without).await, "Connection ID required");
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_socket_takes_no_posts() {
    let hub = TestHub::start(HubOptions::default());
    let poller = Poller::negotiate(&hub).await;
    let _client = hub.connect_to(&poller.path).await;

    let refused = poller.send("x").await;

    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        text(refused).await,
        "POST requests are not allowed for WebSocket connections."
    );
}

#[tokio::test]
async fn another_user_cannot_send_for_a_connection() {
    let hub = TestHub::start(with_users());
    let offer = json(
        hub.post("/hub/negotiate?negotiateVersion=1&access_token=ann")
            .await,
    )
    .await;
    let token = offer["connectionToken"].as_str().unwrap();

    let refused = hub.post(&format!("/hub?id={token}&access_token=bob")).await;

    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(start_paused = true)]
async fn polls_need_no_pings() {
    let hub = TestHub::start(HubOptions::default());
    let poller = Poller::connect(&hub).await;
    poller
        .send("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Nothing\",\"arguments\":[]}\u{1e}")
        .await;
    poller.message().await;

    let quiet = tokio::time::timeout(Duration::from_secs(80), poller.poll()).await;

    assert!(quiet.is_err());
}
