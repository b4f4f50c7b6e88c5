use std::{sync::Arc, time::Duration};

use http::StatusCode;
use serde_json::{Value, json};
use signalr_hub::{HubOptions, StatefulReconnect, backplane::InProcessBackplane};
use tokio::time::{sleep, timeout};

use crate::{
    test_client::TestClient,
    test_hub::{TestHub, json},
};

fn resuming() -> HubOptions {
    let mut options = HubOptions::default();
    options.connections.stateful_reconnect = Some(StatefulReconnect::default());
    options
}

async fn negotiate(hub: &TestHub) -> String {
    let path = "/hub/negotiate?negotiateVersion=1&useStatefulReconnect=true";
    let offer = json(hub.post(path).await).await;
    assert_eq!(offer["useStatefulReconnect"], true);
    format!("/hub?id={}", offer["connectionToken"].as_str().unwrap())
}

async fn connect(hub: &TestHub, path: &str) -> TestClient {
    let mut client = hub.open(path).await;
    client.send(json!({"protocol": "json", "version": 2})).await;
    assert_eq!(client.next().await, json!({}));
    client
}

fn sequence(number: u64) -> Value {
    json!({"type": 9, "sequenceId": number})
}

async fn tell(hub: &TestHub, text: &str) {
    let all = hub.context.clients().all();
    all.send("Told", (text,)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_client_has_not_confirmed_is_sent_again_on_another_socket() {
    let hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    let mut client = connect(&hub, &path).await;
    for text in ["one", "two", "three"] {
        tell(&hub, text).await;
        client.told().await;
    }
    client.send(json!({"type": 8, "sequenceId": 1})).await;
    client.call("Nothing", json!([])).await;

    drop(client);
    tell(&hub, "four").await;
    let mut client = hub.open(&path).await;

    assert_eq!(client.next().await, sequence(2));
    assert_eq!(client.told().await.1, json!(["two"]));
    assert_eq!(client.told().await.1, json!(["three"]));
    assert_eq!(client.next().await["type"], 3);
    assert_eq!(client.told().await.1, json!(["four"]));
    assert_eq!(hub.context.local_connections().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_sent_again_runs_once() {
    let hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    let mut client = connect(&hub, &path).await;
    client.call("Join", json!(["red"])).await;

    drop(client);
    let mut client = hub.open(&path).await;
    client.send(sequence(1)).await;
    client.start("Leave", json!(["red"])).await;
    client
        .send(json!({"type": 1, "invocationId": "again", "target": "Echo", "arguments": [1]}))
        .await;

    assert_eq!(client.next().await, sequence(1));
    assert_eq!(client.next().await["invocationId"], "1");
    assert_eq!(client.next().await["invocationId"], "again");
    assert_eq!(hub.context.local_connections_in_group("red").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_socket_takes_the_place_of_one_that_still_looks_open() {
    let hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    let mut stale = connect(&hub, &path).await;

    let mut client = hub.open(&path).await;

    assert_eq!(client.next().await, sequence(1));
    assert!(stale.next_or_close().await.is_err());
    client.send(sequence(1)).await;
    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_takes_nothing_for_ten_seconds_is_let_go_and_its_connection_waits() {
    let mut hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    let mut stuck = connect(&hub, &path).await;
    assert_eq!(hub.event().await, "connected");
    let large = "x".repeat(90_000);
    tell(&hub, &large).await;

    sleep(Duration::from_secs(13)).await;
    assert!(hub.events.try_recv().is_err());
    assert!(stuck.next_or_close().await.is_err());
    let mut client = hub.open(&path).await;

    assert_eq!(client.next().await, sequence(1));
    assert_eq!(client.told().await.1, json!([large]));
    client.send(sequence(1)).await;
    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test(start_paused = true)]
async fn what_another_server_sends_is_sent_again_as_well() {
    let backplane = Arc::new(InProcessBackplane::default());
    let on_backplane = || {
        TestHub::start(HubOptions {
            backplane: Some(backplane.clone()),
            ..resuming()
        })
    };
    let (hub, other) = (on_backplane(), on_backplane());
    let path = negotiate(&hub).await;
    let mut client = connect(&hub, &path).await;
    tell(&other, "one").await;
    client.told().await;

    drop(client);
    tell(&other, "two").await;
    let mut client = hub.open(&path).await;

    assert_eq!(client.next().await, sequence(1));
    assert_eq!(client.told().await.1, json!(["one"]));
    assert_eq!(client.told().await.1, json!(["two"]));
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_what_the_client_sends_ends_the_connection() {
    let mut hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    drop(connect(&hub, &path).await);
    hub.event().await;

    let mut client = hub.open(&path).await;
    client.send(sequence(5)).await;

    assert_eq!(
        hub.event().await,
        "disconnected: Sequence ID greater than amount of messages we've received."
    );
}

#[tokio::test(start_paused = true)]
async fn the_client_is_told_within_two_seconds_what_has_arrived() {
    let hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    let mut client = connect(&hub, &path).await;

    client.call("Nothing", json!([])).await;

    let confirmation = tokio::time::timeout(Duration::from_secs(2), client.next()).await;
    assert_eq!(confirmation.unwrap(), json!({"type": 8, "sequenceId": 1}));
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_come_back_in_fifteen_seconds_is_gone() {
    let mut hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    drop(connect(&hub, &path).await);
    hub.event().await;

    assert_eq!(
        hub.event().await,
        "disconnected: the client did not come back"
    );
    let (_, refusal) = hub.refused_upgrade(&path).await;
    assert_eq!(refusal, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn without_permission_or_the_newest_protocol_a_lost_socket_ends_the_connection() {
    let mut hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    let mut client = hub.open(&path).await;
    client.shake_hands().await;
    assert_eq!(hub.event().await, "connected");

    drop(client);

    assert!(hub.event().await.starts_with("disconnected"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_confirms_nothing_is_sent_no_more_than_the_buffer_holds() {
    let mut options = resuming();
    options.connections.stateful_reconnect = Some(StatefulReconnect { buffer_bytes: 200 });
    let hub = TestHub::start(options);
    let path = negotiate(&hub).await;
    let mut client = connect(&hub, &path).await;

    for number in 0..10 {
        tell(&hub, &format!("{number}")).await;
    }
    let mut heard = 0;
    while let Ok(told) = timeout(Duration::from_mins(1), client.told()).await {
        assert_eq!(told.1, json!([format!("{heard}")]));
        heard += 1;
    }
    client.send(json!({"type": 8, "sequenceId": heard})).await;

    assert!((1..10).contains(&heard), "{heard}");
    assert_eq!(client.told().await.1, json!([format!("{heard}")]));
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_a_confirmation_survives_a_change_of_sockets() {
    let mut options = resuming();
    options.connections.stateful_reconnect = Some(StatefulReconnect { buffer_bytes: 100 });
    let hub = TestHub::start(options);
    let path = negotiate(&hub).await;
    let client = connect(&hub, &path).await;
    for number in 0..10 {
        tell(&hub, &format!("{number}")).await;
    }

    drop(client);
    let mut client = hub.open(&path).await;

    assert_eq!(client.next().await, sequence(1));
    for number in 0..10 {
        assert_eq!(client.told().await.1, json!([format!("{number}")]));
        client
            .send(json!({"type": 8, "sequenceId": number + 1}))
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_aborted_cannot_be_continued() {
    let mut hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    let mut client = connect(&hub, &path).await;
    hub.event().await;

    client
        .send(json!({"type": 1, "target": "Abort", "arguments": []}))
        .await;

    assert_eq!(client.next().await, json!({"type": 7}));
    assert!(client.next_or_close().await.is_err());
    hub.no_connections().await;
    let (_, refusal) = hub.refused_upgrade(&path).await;
    assert_eq!(refusal, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closed_its_socket_has_left() {
    let mut hub = TestHub::start(resuming());
    let path = negotiate(&hub).await;
    let mut client = connect(&hub, &path).await;
    hub.event().await;

    client
        .send_frame(tokio_tungstenite::tungstenite::Message::Close(None))
        .await;

    assert!(client.next_or_close().await.is_err());
    assert_eq!(hub.event().await, "disconnected: in peace");
}

#[tokio::test]
async fn resuming_is_offered_only_to_those_who_ask_where_it_is_allowed() {
    let allowed = TestHub::start(resuming());
    let not_allowed = TestHub::start(HubOptions::default());
    let asking = "/hub/negotiate?negotiateVersion=1&useStatefulReconnect=true";

    let not_asked = json(allowed.post("/hub/negotiate?negotiateVersion=1").await).await;
    let not_given = json(not_allowed.post(asking).await).await;

    assert!(not_asked.get("useStatefulReconnect").is_none());
    assert!(not_given.get("useStatefulReconnect").is_none());
}
