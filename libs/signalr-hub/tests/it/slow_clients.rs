use std::time::Duration;

use serde_json::json;
use signalr_hub::{HubOptions, OutboxLimits, WhenFull};

use crate::test_hub::TestHub;

const LARGE: usize = 100_000;

fn options(when_full: WhenFull) -> HubOptions {
    let mut options = HubOptions::default();
    options.connections.outbox = OutboxLimits {
        messages: 4,
        when_full,
        ..OutboxLimits::default()
    };
    options
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_and_delays_nobody() {
    let mut hub = TestHub::start(options(WhenFull::Disconnect));
    let _slow = hub.connect().await;
    hub.event().await;

    flood(&hub, "x").await;

    assert_eq!(
        hub.event().await,
        "disconnected: The client does not read its messages fast enough."
    );
}

#[tokio::test]
async fn the_oldest_messages_can_be_dropped_instead() {
    let hub = TestHub::start(options(WhenFull::DropOldest));
    let mut slow = hub.connect().await;

    flood(&hub, "x").await;

    let numbers = numbers_heard(&mut slow).await;
    assert!(numbers.len() < 50, "{numbers:?}");
    assert_eq!(numbers[numbers.len() - 4..], [46, 47, 48, 49]);
}

#[tokio::test]
async fn only_the_latest_of_each_kind_can_be_kept_instead() {
    let hub = TestHub::start(options(WhenFull::KeepLatest));
    let mut slow = hub.connect().await;
    let clients = hub.context.clients();

    flood(&hub, "x").await;
    clients.all().send("Rare", (100, "")).await.unwrap();
    flood(&hub, "").await;

    let numbers = numbers_heard(&mut slow).await;
    assert!(numbers.contains(&100), "{numbers:?}");
    assert_eq!(numbers.last(), Some(&49));
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_takes_nothing_for_ten_seconds_is_given_up() {
    let mut hub = TestHub::start(HubOptions::default());
    let _stuck = hub.connect().await;
    hub.event().await;
    let start = tokio::time::Instant::now();

    let clients = hub.context.clients();
    clients
        .all()
        .send("Told", ("x".repeat(LARGE),))
        .await
        .unwrap();

    assert!(hub.event().await.starts_with("disconnected"));
    assert!(start.elapsed() <= Duration::from_secs(12));
    hub.no_connections().await;
}

/// More than the outbox and all buffers of the socket take.
async fn flood(hub: &TestHub, fill: &str) {
    let filling = fill.repeat(LARGE);
    for number in 0..50 {
        let clients = hub.context.clients();
        clients
            .all()
            .send("Told", (number, &filling))
            .await
            .unwrap();
        // Lets the socket's task take what it can.
        tokio::task::yield_now().await;
    }
}

async fn numbers_heard(client: &mut crate::test_client::TestClient) -> Vec<i64> {
    let heard = client.heard_until_now().await;
    heard
        .iter()
        .filter(|message| message["type"] == json!(1))
        .map(|message| message["arguments"][0].as_i64().unwrap())
        .collect()
}
