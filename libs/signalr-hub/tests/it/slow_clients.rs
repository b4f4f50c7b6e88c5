use std::time::Duration;

use serde_json::json;
use signalr_hub::{HubOptions, OutboxLimits, WhenFull};
use tokio::time::timeout;

use crate::test_hub::TestHub;

const LARGE: usize = 100_000;
const SOON: Duration = Duration::from_secs(20);

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

#[tokio::test]
async fn the_latest_of_each_key_is_kept() {
    let hub = TestHub::start(options(WhenFull::KeepLatest));
    let mut slow = hub.connect().await;
    let filling = "x".repeat(LARGE);

    for price in 0..30 {
        for stock in ["one", "two", "three"] {
            let everyone = hub.context.clients().all().about(stock);
            let told = everyone.send("Price", (stock, price, &filling)).await;
            told.unwrap();
            tokio::task::yield_now().await;
        }
    }

    let heard = slow.heard_until_now().await;
    for stock in ["one", "two", "three"] {
        let of_stock = heard.iter().filter(|call| call["arguments"][0] == stock);
        let prices: Vec<_> = of_stock.map(|call| call["arguments"][1].clone()).collect();
        assert!(prices.len() < 30, "{stock}: {prices:?}");
        assert_eq!(prices.last(), Some(&json!(29)), "{stock}");
    }
}

#[tokio::test]
async fn whoever_reads_hears_everything_at_once_beside_one_who_does_not() {
    for policy in [
        WhenFull::Disconnect,
        WhenFull::DropOldest,
        WhenFull::KeepLatest,
    ] {
        let hub = TestHub::start(options(policy));
        let _stuck = hub.connect().await;
        let mut quick = hub.connect().await;
        let filling = "x".repeat(LARGE);

        for number in 0..100 {
            let everyone = hub.context.clients().all();
            let told = everyone.send("Told", (number, &filling)).await;
            told.unwrap();
            let heard = timeout(SOON, quick.told()).await;
            assert_eq!(heard.unwrap().1[0], number, "{policy:?}");
        }
    }
}

#[tokio::test]
async fn answers_are_never_dropped_however_much_else_is() {
    let hub = TestHub::start(options(WhenFull::DropOldest));
    let mut slow = hub.connect().await;
    let call = slow.start("Echo", json!(["answer"])).await;

    flood(&hub, "x").await;

    let heard = slow.heard_until_now().await;
    let answer = heard
        .iter()
        .find(|message| message["invocationId"] == *call);
    assert_eq!(answer.unwrap()["result"], "answer");
    assert!(heard.len() < 50, "{}", heard.len());
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
