use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use serde_json::json;
use signalr_hub::{
    HubOptions,
    backplane::{Backplane, BackplaneError, InProcessBackplane},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

use crate::test_hub::TestHub;

#[tokio::test]
async fn a_close_without_code_is_answered_with_1000() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;

    client.send_frame(Message::Close(None)).await;

    let close = client.next_or_close().await.unwrap_err().unwrap();
    assert_eq!(close.code, CloseCode::Normal);
    assert_eq!(hub.event().await, "disconnected: in peace");
}

#[tokio::test]
async fn a_close_message_ends_the_connection_in_peace() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;

    client.send(json!({"type": 7})).await;

    assert_eq!(client.next().await, json!({"type": 7}));
    let close = client.next_or_close().await.unwrap_err().unwrap();
    assert_eq!(close.code, CloseCode::Normal);
    assert_eq!(hub.event().await, "disconnected: in peace");
}

#[tokio::test]
async fn an_aborted_client_is_told_not_to_come_back() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client
        .send(json!({"type": 1, "target": "Abort", "arguments": []}))
        .await;

    assert_eq!(client.next().await, json!({"type": 7}));
    assert!(client.next_or_close().await.is_err());
}

#[tokio::test]
async fn a_hub_can_refuse_a_connection() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect_to("/hub?refuse=1").await;

    assert_eq!(
        client.next().await,
        json!({"type": 7, "error": "Connection closed with an error. HubException: not you"})
    );
    assert!(client.next_or_close().await.is_err());
    hub.no_connections().await;
    assert!(hub.events.try_recv().is_err());
}

#[tokio::test]
async fn a_hub_that_panics_when_a_client_comes_or_leaves_keeps_no_trace_of_it() {
    let hub = TestHub::start(HubOptions::default());
    let mut other = hub.connect().await;

    let mut coming = hub.connect_to("/hub?break=1").await;
    assert_eq!(
        coming.next().await,
        json!({"type": 7, "error": "Connection closed with an error."})
    );
    assert!(coming.next_or_close().await.is_err());
    let leaving = hub.connect_to("/hub?break-later=1").await;
    drop(leaving);

    hub.no_more_than(1).await;
    assert_eq!(other.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_broken_message_ends_its_connection_and_no_other() {
    let hub = TestHub::start(HubOptions::default());
    let mut other = hub.connect().await;
    for broken in [
        "{\u{1e}",
        "{}\u{1e}",
        "[]\u{1e}",
        "{\"type\":1,\"target\":\"Echo\"}\u{1e}",
        "{\"type\":1,\"target\":5,\"arguments\":[]}\u{1e}",
        "{\"type\":3,\"invocationId\":\"1\",\"result\":1,\"error\":\"x\"}\u{1e}",
        "{\"type\":6,}\u{1e}",
    ] {
        let mut client = hub.connect().await;
        client.send_text(broken).await;

        let close =
            json!({"type": 7, "error": "Connection closed with an error.", "allowReconnect": true});
        assert_eq!(client.next().await, close, "{broken}");
        assert!(client.next_or_close().await.is_err());
    }
    assert_eq!(other.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_frame_against_the_rules_closes_its_socket_with_1002_and_no_other() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut other = hub.connect().await;
    hub.event().await;
    let masked = |first: u8, length: u8| [first, 0x80 | length, 0, 0, 0, 0].to_vec();
    for (frame, reason) in [
        (b"\x81\x02hi".to_vec(), "not masked"),
        (masked(0xc1, 0), "reserved bits"),
        (masked(0x83, 0), "unknown kind"),
        (masked(0x80, 0), "mixed up"),
        (masked(0x09, 0), "fragmented"),
    ] {
        let client = hub.connect().await;
        assert_eq!(hub.event().await, "connected");
        let mut socket = client.into_inner();

        socket.write_all(&frame).await.unwrap();

        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with(b"\x88\x02\x03\xea"), "{answer:?}");
        let event = hub.event().await;
        assert!(event.contains(reason), "{event}");
    }
    assert_eq!(other.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_message_of_the_largest_size_is_read_and_a_larger_one_is_not() {
    let mut hub = TestHub::start(HubOptions {
        max_message_size: 200,
        ..HubOptions::default()
    });
    let mut client = hub.connect().await;
    hub.event().await;
    let frame =
        "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"\"]}\u{1e}";
    let message =
        |size: usize| frame.replace("\"\"", &format!("\"{}\"", "x".repeat(size - frame.len())));

    client.send_text(&message(200)).await;
    client.completion("1").await;
    client.send_text(&message(201)).await;

    assert_eq!(client.next().await["type"], 7);
    assert_eq!(
        hub.event().await,
        "disconnected: The maximum message size of 200B was exceeded. The message size can be configured in HubOptions."
    );
}

#[tokio::test]
async fn an_unknown_protocol_or_version_is_refused_by_name() {
    let hub = TestHub::start(HubOptions::default());
    for (request, error) in [
        (
            json!({"protocol": "xml", "version": 1}),
            "The protocol 'xml' is not supported.",
        ),
        (
            json!({"protocol": "messagepack", "version": 1}),
            "The protocol 'messagepack' is not supported.",
        ),
        (
            json!({"protocol": "json", "version": 3}),
            "The server does not support version 3 of the 'json' protocol.",
        ),
        (
            json!({"protocol": "json"}),
            "An unexpected error occurred during connection handshake.",
        ),
    ] {
        let mut client = hub.open("/hub").await;
        client.send(request).await;

        assert_eq!(client.next().await, json!({"error": error}));
        assert!(client.next_or_close().await.is_err());
    }
}

#[tokio::test]
async fn all_clients_are_told_when_the_hub_stops() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;

    let context = hub.context.clone();
    let stopping = tokio::spawn(async move { context.stop().await });

    assert_eq!(
        client.next().await,
        json!({"type": 7, "allowReconnect": true})
    );
    assert!(client.next_or_close().await.is_err());
    drop(client);
    stopping.await.unwrap();
    assert_eq!(hub.event().await, "disconnected: in peace");
    assert_eq!(
        hub.post("/hub/negotiate").await.status(),
        http::StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test]
async fn a_client_may_say_why_it_leaves() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;

    client
        .send(json!({"type": 7, "error": "low battery"}))
        .await;

    assert_eq!(hub.event().await, "disconnected: low battery");
}

#[tokio::test]
async fn a_message_that_ends_in_the_middle_is_an_error() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;

    client.send_text("{\"type\":").await;
    client.send_frame(Message::Close(None)).await;

    assert_eq!(
        hub.event().await,
        "disconnected: Connection terminated while reading a message."
    );
}

#[tokio::test]
async fn a_client_that_leaves_during_its_handshake_never_was_connected() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.open("/hub").await;

    client.send_text("{\"protocol\":\"js").await;
    client.send_frame(Message::Close(None)).await;

    assert!(client.next_or_close().await.is_err());
    hub.context.stop().await;
    assert!(hub.events.try_recv().is_err());
}

#[tokio::test]
async fn a_handshake_larger_than_a_message_may_be_is_refused() {
    let hub = TestHub::start(HubOptions {
        max_message_size: 100,
        ..HubOptions::default()
    });
    let mut client = hub.open("/hub").await;

    client.send_text(&"x".repeat(101)).await;

    assert_eq!(
        client.next().await,
        json!({"error": "Handshake was canceled."})
    );
    assert!(client.next_or_close().await.is_err());
}

#[tokio::test]
async fn a_message_too_large_is_refused_before_all_of_it_has_come() {
    let mut hub = TestHub::start(HubOptions {
        max_message_size: 200,
        ..HubOptions::default()
    });
    let mut client = hub.connect().await;
    hub.event().await;

    for _ in 0..3 {
        client.send_text(&"x".repeat(100)).await;
    }

    assert_eq!(client.next().await["type"], 7);
    assert!(hub.event().await.contains("maximum message size of 200B"));
}

#[tokio::test]
async fn why_a_client_is_sent_away_is_told_even_while_it_sends() {
    let hub = TestHub::start(HubOptions {
        max_message_size: 200,
        ..HubOptions::default()
    });
    for _ in 0..50 {
        let mut client = hub.connect().await;

        client.send_text(&"x".repeat(500_000)).await;

        assert_eq!(client.next().await["type"], 7);
    }
}

#[tokio::test]
async fn the_program_can_end_a_connection_which_may_come_back() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;
    let id = hub.context.local_connections().remove(0);

    hub.context.revoke_connection(&id).await.unwrap();
    hub.context.revoke_connection("nobody").await.unwrap();

    let close = json!({"type": 7, "allowReconnect": true});
    assert_eq!(client.next().await, close);
    assert_eq!(hub.event().await, "disconnected: in peace");
}

/// Whoever subscribes holds a clone of the token.
#[derive(Default)]
struct Counted {
    net: InProcessBackplane,
    token: Arc<()>,
}

impl Counted {
    fn subscribers(&self) -> usize {
        Arc::strong_count(&self.token) - 1
    }
}

#[async_trait]
impl Backplane for Counted {
    async fn publish(&self, envelope: Bytes) -> Result<(), BackplaneError> {
        self.net.publish(envelope).await
    }

    async fn subscribe(&self) -> Result<BoxStream<'static, Bytes>, BackplaneError> {
        let token = Arc::clone(&self.token);
        let envelopes = self.net.subscribe().await?;
        Ok(envelopes
            .inspect(move |_| {
                let _held = &token;
            })
            .boxed())
    }
}

#[tokio::test]
async fn a_stopped_server_does_not_listen_to_the_others_any_more() {
    let backplane = Arc::new(Counted::default());
    let hub = TestHub::start(HubOptions {
        backplane: Some(backplane.clone()),
        ..HubOptions::default()
    });
    hub.connect().await;
    assert_eq!(backplane.subscribers(), 1);

    hub.context.stop().await;

    assert_eq!(backplane.subscribers(), 0);
}
