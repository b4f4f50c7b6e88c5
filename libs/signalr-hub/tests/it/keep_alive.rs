use std::time::Duration;

use serde_json::json;
use signalr_hub::HubOptions;
use tokio::{
    io::AsyncReadExt,
    time::{Instant, sleep},
};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::test_hub::{TestHub, with_users};

#[tokio::test(start_paused = true)]
async fn an_idle_client_is_pinged_every_fifteen_seconds() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let start = Instant::now();

    for round in 1..=3 {
        assert_eq!(client.next().await, json!({"type": 6}));
        let expected = Duration::from_secs(15 * round);
        let late = start.elapsed().saturating_sub(expected);
        assert!(start.elapsed() + Duration::from_millis(1) >= expected);
        assert!(late <= Duration::from_secs(round), "{late:?} late");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_pinging_is_gone_after_thirty_seconds() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;

    client.send(json!({"type": 6})).await;
    let start = Instant::now();
    while client.next().await
        != json!({"type": 7, "error": "Connection closed with an error.", "allowReconnect": true})
    {
    }

    assert!(start.elapsed() >= Duration::from_secs(29));
    assert!(start.elapsed() <= Duration::from_secs(32));
    assert_eq!(
        hub.event().await,
        "disconnected: Client hasn't sent a message/ping within the configured ClientTimeoutInterval."
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_pinged_is_not_expected_to() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    for _ in 0..8 {
        assert_eq!(client.next().await, json!({"type": 6}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_sent_away_after_fifteen_seconds() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.open("/hub").await;
    let start = Instant::now();

    assert_eq!(
        client.next().await,
        json!({"error": "Handshake was canceled."})
    );

    assert_eq!(start.elapsed().as_secs(), 15);
    assert!(client.next_or_close().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_with_its_users_proof_if_so_configured() {
    let mut options = with_users();
    options.connections.close_on_expiry = true;
    let hub = TestHub::start(options);
    let start = Instant::now();
    let mut client = hub.connect_as("brief").await;

    while client.next().await != json!({"type": 7, "allowReconnect": true}) {}

    assert!((19..=22).contains(&start.elapsed().as_secs()));
}

#[tokio::test]
async fn a_ping_of_the_socket_is_answered() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    let payload = Bytes::from_static(b"there?");
    client.send_frame(Message::Ping(payload.clone())).await;

    assert_eq!(client.next_frame().await, Message::Pong(payload));
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_messages_wait_for_its_own_call_is_not_gone() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;
    client.send(json!({"type": 6})).await;
    let waiting = client.start("Wait", json!([])).await;
    let behind = client.start("Echo", json!([1])).await;
    assert_eq!(hub.event().await, "waiting");

    for _ in 0..5 {
        sleep(Duration::from_secs(12)).await;
        client.send(json!({"type": 6})).await;
    }
    hub.gate.notify_one();

    let ping = json!({"type": 6});
    for (id, result) in [(waiting, json!(true)), (behind, json!(1))] {
        let mut answer = client.next().await;
        while answer == ping {
            answer = client.next().await;
        }
        assert_eq!(answer["invocationId"], json!(id), "{answer}");
        assert_eq!(answer["result"], result);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_messages_need_not_wait_has_to_show_that_it_lives_during_a_call() {
    let mut hub = TestHub::start(HubOptions {
        parallel_calls: 2,
        ..HubOptions::default()
    });
    let mut client = hub.connect().await;
    assert_eq!(hub.event().await, "connected");
    client.send(json!({"type": 6})).await;
    client.start("Wait", json!([])).await;
    assert_eq!(hub.event().await, "waiting");
    let start = Instant::now();

    assert_eq!(hub.event().await, "cancelled");
    assert!(hub.event().await.contains("ClientTimeoutInterval"));
    assert!((29..=32).contains(&start.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn any_message_counts_as_a_sign_of_life() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    client.send(json!({"type": 6})).await;

    for round in 0..6 {
        sleep(Duration::from_secs(25)).await;
        client
            .send(json!({"type": 5, "invocationId": "none"}))
            .await;
        let echo = json!({"type": 1, "invocationId": "e", "target": "Echo", "arguments": [round]});
        client.send(echo).await;
        let mut answer = client.next().await;
        while answer["type"] == 6 {
            answer = client.next().await;
        }
        assert_eq!(answer["result"], round);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_the_close_of_its_socket_is_left_after_five_seconds() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let raw = client.call("Me", json!([])).await;
    let id = raw["result"].as_str().unwrap();
    let start = Instant::now();

    hub.context.revoke_connection(id).await.unwrap();
    let mut socket = client.into_inner();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await.unwrap();

    assert_eq!(bytes[bytes.len() - 4..], [0x88, 2, 0x03, 0xe8]);
    assert_eq!(start.elapsed().as_secs(), 5);
}
