use std::time::Duration;

use serde_json::json;
use signalr_hub::HubOptions;
use tokio::time::timeout;

use crate::test_hub::TestHub;

#[tokio::test]
async fn a_stream_comes_item_by_item_and_ends_without_result() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client.start_stream("1", "Count", json!([2])).await;

    assert_eq!(
        client.next().await,
        json!({"type": 2, "invocationId": "1", "item": 0})
    );
    assert_eq!(
        client.next().await,
        json!({"type": 2, "invocationId": "1", "item": 1})
    );
    assert_eq!(client.next().await, json!({"type": 3, "invocationId": "1"}));
}

#[tokio::test]
async fn calls_run_beside_streams() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client.start_stream("stream", "Silence", json!([])).await;

    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_cancelled_stream_ends_without_error() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client.start_stream("1", "Silence", json!([])).await;
    client
        .send(json!({"type": 5, "invocationId": "unknown"}))
        .await;
    client.send(json!({"type": 5, "invocationId": "1"})).await;

    assert_eq!(client.next().await, json!({"type": 3, "invocationId": "1"}));
}

#[tokio::test]
async fn a_stream_that_is_cancelled_with_its_call_has_begun() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let call = json!({"type": 4, "invocationId": "1", "target": "Silence", "arguments": []});
    let cancel = json!({"type": 5, "invocationId": "1"});

    client
        .send_text(&format!("{call}\u{1e}{cancel}\u{1e}"))
        .await;

    assert_eq!(client.next().await, json!({"type": 3, "invocationId": "1"}));
    assert_eq!(hub.event().await, "connected");
    assert_eq!(hub.event().await, "silent");
}

#[tokio::test]
async fn a_stream_that_fails_midway_keeps_what_it_sent() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client.start_stream("1", "CountThenFail", json!([])).await;

    assert_eq!(client.next().await["item"], 0);
    assert_eq!(
        client.next().await["error"],
        "An error occurred on the server while streaming results. HubException: enough"
    );
}

#[tokio::test]
async fn an_id_is_for_one_call_at_a_time() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client.start_stream("1", "Silence", json!([])).await;
    client.start_stream("1", "Silence", json!([])).await;

    assert_eq!(
        client.next().await["error"],
        "Invocation ID '1' is already in use."
    );
}

#[tokio::test]
async fn a_client_has_a_limited_number_of_streams() {
    let hub = TestHub::start(HubOptions {
        max_streams: 2,
        ..HubOptions::default()
    });
    let mut client = hub.connect().await;

    for id in ["1", "2", "3"] {
        client.start_stream(id, "Silence", json!([])).await;
    }

    let refused = client.next().await;
    assert_eq!(refused["invocationId"], "3");
    assert_eq!(
        refused["error"],
        "A connection may have 2 streams at a time."
    );
}

#[tokio::test]
async fn a_client_that_reads_slowly_slows_its_stream_down() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client.start_stream("1", "Count", json!([20_000])).await;

    for number in 0..20_000 {
        assert_eq!(client.next().await["item"], number);
    }
    assert_eq!(
        client.completion("1").await,
        json!({"type": 3, "invocationId": "1"})
    );
}

#[tokio::test]
async fn a_stream_is_sent_and_read_by_a_method() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client
        .send(json!({"type": 1, "invocationId": "1", "target": "Sum", "arguments": [100], "streamIds": ["s"]}))
        .await;
    for item in 1..=50 {
        client
            .send(json!({"type": 2, "invocationId": "s", "item": item}))
            .await;
    }
    client
        .send(json!({"type": 2, "invocationId": "unknown", "item": 1}))
        .await;
    client.send(json!({"type": 3, "invocationId": "s"})).await;

    assert_eq!(client.completion("1").await["result"], 100 + 1275);
}

#[tokio::test]
async fn the_error_that_ends_a_sent_stream_reaches_the_method() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client
        .send(json!({"type": 1, "invocationId": "1", "target": "Sum", "arguments": [0], "streamIds": ["s"]}))
        .await;
    client
        .send(json!({"type": 3, "invocationId": "s", "error": "power cut"}))
        .await;

    assert_eq!(
        client.completion("1").await["error"],
        "An unexpected error occurred invoking 'Sum' on the server. HubException: power cut"
    );
}

#[tokio::test]
async fn the_number_of_sent_streams_has_to_match() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    let answer = client.call("Sum", json!([0])).await;

    assert_eq!(
        answer["error"],
        "An unexpected error occurred invoking 'Sum' on the server. HubException: Client sent 0 stream(s), Hub method expects 1."
    );
}

#[tokio::test]
async fn an_item_of_another_type_ends_a_sent_stream_with_an_error() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client
        .send(json!({"type": 1, "invocationId": "1", "target": "Sum", "arguments": [0], "streamIds": ["s"]}))
        .await;
    client
        .send(json!({"type": 2, "invocationId": "s", "item": "not a number"}))
        .await;

    let error = client.completion("1").await["error"].to_string();
    assert!(error.contains("Failed to bind Stream message."), "{error}");
    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_sent_stream_ends_with_the_method_that_reads_it() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let item = |item: i64| json!({"type": 2, "invocationId": "s", "item": item});

    client
        .send(json!({"type": 1, "invocationId": "1", "target": "First", "arguments": [], "streamIds": ["s"]}))
        .await;
    client.send(item(7)).await;
    assert_eq!(client.completion("1").await["result"], 7);

    for number in 0..50 {
        client.send(item(number)).await;
    }
    client.send(json!({"type": 3, "invocationId": "s"})).await;
    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_method_learns_that_whoever_sends_its_stream_is_gone() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    assert_eq!(hub.event().await, "connected");

    client
        .send(json!({"type": 1, "invocationId": "1", "target": "First", "arguments": [], "streamIds": ["s"]}))
        .await;
    client.call("Nothing", json!([])).await;
    client.send(json!({"type": 7})).await;

    assert_eq!(hub.event().await, "The underlying connection was closed.");
    assert_eq!(hub.event().await, "disconnected: in peace");
}

#[tokio::test(start_paused = true)]
async fn a_client_waits_while_a_method_does_not_read_the_stream_it_sends() {
    let hub = TestHub::start(HubOptions {
        upload_buffer: 1,
        ..HubOptions::default()
    });
    let mut client = hub.connect().await;

    client
        .send(json!({"type": 1, "invocationId": "hold", "target": "Hold", "arguments": [], "streamIds": ["s"]}))
        .await;
    for item in 0..5 {
        client
            .send(json!({"type": 2, "invocationId": "s", "item": item}))
            .await;
    }
    let behind = client.start("Echo", json!([1])).await;
    let waited = timeout(Duration::from_secs(10), client.next()).await;
    assert!(waited.is_err(), "{waited:?}");

    hub.gate.notify_one();
    assert_eq!(client.completion(&behind).await["result"], 1);
    client.send(json!({"type": 3, "invocationId": "s"})).await;
    assert_eq!(client.completion("hold").await["result"], 5);
}

#[tokio::test]
async fn calls_run_beside_those_that_read_a_sent_stream() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    for (id, stream) in [("a", "s"), ("b", "t")] {
        client
            .send(json!({"type": 1, "invocationId": id, "target": "Sum", "arguments": [0], "streamIds": [stream]}))
            .await;
    }

    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_sent_stream_too_many_is_refused() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client
        .send(json!({"type": 1, "invocationId": "1", "target": "Sum", "arguments": [0], "streamIds": ["s", "t"]}))
        .await;

    assert_eq!(
        client.completion("1").await["error"],
        "An unexpected error occurred invoking 'Sum' on the server. HubException: Client sent 2 stream(s), Hub method expects 1."
    );
}
