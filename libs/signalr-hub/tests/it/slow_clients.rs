use std::time::Duration;

use axum::{body::Body, extract::Request};
use futures_util::StreamExt;
use http::header;
use serde_json::json;
use signalr_hub::{HubOptions, OutboxLimits, WhenFull};
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, advance, timeout},
};

use crate::test_hub::{TestHub, text};

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";

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
    let start = Instant::now();

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

#[tokio::test(start_paused = true)]
async fn an_event_stream_that_takes_nothing_for_ten_seconds_is_given_up() {
    let mut hub = TestHub::start(HubOptions::default());
    let path = hub.negotiate().await;
    let mut stuck = hub.dial();
    let open = format!("GET {path} HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n");
    stuck.write_all(open.as_bytes()).await.unwrap();
    hub.post_text(&path, HANDSHAKE).await;

    is_given_up_after_ten_seconds(&mut hub).await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_whose_answer_is_not_taken_for_ten_seconds_is_given_up() {
    let mut hub = TestHub::start(HubOptions::default());
    let path = hub.negotiate().await;
    hub.get(&path).await;
    hub.post_text(&path, HANDSHAKE).await;
    assert_eq!(text(hub.get(&path).await).await, "{}\u{1e}");
    let mut stuck = hub.dial();
    let poll = format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
    stuck.write_all(poll.as_bytes()).await.unwrap();

    is_given_up_after_ten_seconds(&mut hub).await;
}

async fn is_given_up_after_ten_seconds(hub: &mut TestHub) {
    assert_eq!(hub.event().await, "connected");
    let start = Instant::now();
    let everyone = hub.context.clients().all();
    everyone
        .send("Told", ("x".repeat(7 * LARGE),))
        .await
        .unwrap();

    assert_eq!(
        hub.event().await,
        "disconnected: The client does not read its messages fast enough."
    );
    assert!((10..=12).contains(&start.elapsed().as_secs()));
    hub.no_connections().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_that_is_read_slowly_but_steadily_is_kept() {
    let mut hub = TestHub::start(HubOptions::default());
    let path = hub.negotiate().await;
    let open = Request::get(&path).header(header::ACCEPT, "text/event-stream");
    let answer = hub.request(open.body(Body::empty()).unwrap()).await;
    let mut events = answer.into_body().into_data_stream();
    hub.post_text(&path, HANDSHAKE).await;
    assert_eq!(hub.event().await, "connected");

    for _ in 0..5 {
        advance(Duration::from_secs(9)).await;
        hub.context
            .clients()
            .all()
            .send("Told", ("x",))
            .await
            .unwrap();
        events.next().await.unwrap().unwrap();
    }

    assert!(hub.events.try_recv().is_err());
    assert_eq!(hub.context.local_connections().len(), 1);
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
