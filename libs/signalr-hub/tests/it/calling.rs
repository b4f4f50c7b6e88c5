use serde_json::json;
use signalr_hub::HubOptions;
use tokio_tungstenite::tungstenite::Message;

use crate::test_hub::{TestHub, with_users};

#[tokio::test]
async fn a_method_gets_its_arguments_and_its_result_comes_back() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    let sum = client.call("Add", json!([2, 3])).await;

    assert_eq!(sum, json!({"type": 3, "invocationId": "1", "result": 5}));
}

#[tokio::test]
async fn a_method_without_result_answers_null() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    let answer = client.call("Nothing", json!([])).await;

    assert_eq!(
        answer,
        json!({"type": 3, "invocationId": "1", "result": null})
    );
}

#[tokio::test]
async fn method_names_match_without_regard_to_case() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    let answer = client.call("eCHO", json!(["x"])).await;

    assert_eq!(answer["result"], "x");
}

#[tokio::test]
async fn properties_may_come_in_any_order_and_unknown_ones_are_skipped() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client
        .send_text("{\"arguments\":[null],\"headers\":{\"a\":\"b\"},\"x\":[1],\"invocationId\":\"7\",\"target\":\"Echo\",\"type\":1}\u{1e}")
        .await;

    assert_eq!(client.completion("7").await["result"], json!(null));
}

#[tokio::test]
async fn messages_may_be_split_and_joined_across_frames_of_any_kind() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.open("/hub").await;

    let handshake_and_call = "{\"protocol\":\"json\",\"version\":1}\u{1e}{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"é\"]}\u{1e}";
    for byte in handshake_and_call.as_bytes() {
        client.send_frame(Message::binary(vec![*byte])).await;
    }

    assert_eq!(client.next().await, json!({}));
    assert_eq!(client.completion("1").await["result"], "é");
}

#[tokio::test]
async fn an_unknown_method_is_an_error_of_that_call_alone() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    let answer = client.call("Nope", json!([])).await;

    assert_eq!(
        answer["error"],
        "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist."
    );
    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn wrong_arguments_are_explained_only_in_detail() {
    let brief = TestHub::start(HubOptions::default());
    let detailed = TestHub::start(HubOptions {
        detailed_errors: true,
        ..HubOptions::default()
    });
    let sentence = "Failed to invoke 'Add' due to an error on the server.";

    let mut client = brief.connect().await;
    assert_eq!(client.call("Add", json!([1])).await["error"], sentence);

    let mut client = detailed.connect().await;
    assert_eq!(
        client.call("Add", json!([1])).await["error"],
        format!(
            "{sentence} InvalidDataException: Invocation provides 1 argument(s) but target expects 2."
        )
    );
    assert_eq!(
        client.call("Add", json!([1, "x"])).await["error"],
        format!(
            "{sentence} InvalidDataException: Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked."
        )
    );
}

#[tokio::test]
async fn only_errors_made_for_clients_are_shown_to_them() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    let shown = client.call("Fail", json!(["no seats left"])).await;
    let hidden = client.call("FailInside", json!([])).await;

    assert_eq!(
        shown["error"],
        "An unexpected error occurred invoking 'Fail' on the server. HubException: no seats left"
    );
    assert_eq!(
        hidden["error"],
        "An unexpected error occurred invoking 'FailInside' on the server."
    );
}

#[tokio::test]
async fn a_panic_is_an_error_of_that_call_alone() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    let answer = client.call("Panic", json!([])).await;

    assert_eq!(
        answer["error"],
        "An unexpected error occurred invoking 'Panic' on the server."
    );
    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_call_without_id_is_never_answered() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client
        .send(json!({"type": 1, "target": "Nope", "arguments": []}))
        .await;
    client
        .send(json!({"type": 1, "invocationId": "", "target": "Echo", "arguments": [1]}))
        .await;

    assert!(client.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn calls_of_one_client_run_one_after_the_other() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;

    let waiting = client.start("Wait", json!([])).await;
    let next = client.start("Echo", json!([1])).await;
    assert_eq!(hub.event().await, "waiting");
    hub.gate.notify_one();

    assert_eq!(client.completion(&waiting).await["result"], true);
    assert_eq!(client.completion(&next).await["result"], 1);
}

#[tokio::test]
async fn more_calls_may_run_at_a_time_if_allowed() {
    let mut hub = TestHub::start(HubOptions {
        parallel_calls: 2,
        ..HubOptions::default()
    });
    let mut client = hub.connect().await;
    hub.event().await;

    let waiting = client.start("Wait", json!([])).await;
    let next = client.start("Echo", json!([1])).await;

    assert_eq!(client.completion(&next).await["result"], 1);
    hub.gate.notify_one();
    assert_eq!(client.completion(&waiting).await["result"], true);
}

#[tokio::test]
async fn a_running_call_can_be_cancelled_and_is_still_answered() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;

    let waiting = client.start("Wait", json!([])).await;
    assert_eq!(hub.event().await, "waiting");
    client
        .send(json!({"type": 5, "invocationId": waiting}))
        .await;

    assert_eq!(client.completion(&waiting).await["result"], false);
}

#[tokio::test]
async fn a_running_call_learns_that_its_client_is_gone() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    hub.event().await;

    client.start("Wait", json!([])).await;
    assert_eq!(hub.event().await, "waiting");
    drop(client);

    assert_eq!(hub.event().await, "cancelled");
    assert!(hub.event().await.starts_with("disconnected: "));
}

#[tokio::test]
async fn a_guarded_method_is_for_those_it_allows() {
    let hub = TestHub::start(with_users());

    let mut somebody = hub.connect_as("somebody").await;
    let mut admin = hub.connect_as("admin").await;

    assert_eq!(
        somebody.call("Secret", json!([])).await["error"],
        "Failed to invoke 'Secret' because user is unauthorized"
    );
    assert_eq!(admin.call("Secret", json!([])).await["result"], json!(null));
}

#[tokio::test]
async fn a_client_can_be_asked_by_a_method_that_another_client_called() {
    let hub = TestHub::start(HubOptions::default());
    let mut asking = hub.connect().await;
    let mut asked = hub.connect().await;
    let id = hub.id_of_other(&mut asking).await;

    let call = asking.start("Ask", json!([id])).await;
    let question = asked.next().await;
    asked
        .send(json!({"type": 3, "invocationId": question["invocationId"], "result": 42}))
        .await;

    assert_eq!(question["target"], "Question");
    assert_eq!(asking.completion(&call).await["result"], 42);
}

#[tokio::test]
async fn a_client_can_be_asked_by_the_method_it_called_itself() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let id = hub.context.local_connections().remove(0);

    let call = client.start("Ask", json!([id])).await;
    let question = client.next().await;
    let behind = client.start("Echo", json!([1])).await;
    assert_eq!(client.completion(&behind).await["result"], 1);
    client
        .send(json!({"type": 3, "invocationId": question["invocationId"], "error": "no idea"}))
        .await;

    assert_eq!(
        client.completion(&call).await["error"],
        "An unexpected error occurred invoking 'Ask' on the server. HubException: no idea"
    );
}

#[tokio::test]
async fn whoever_asks_learns_that_the_client_left_without_answer() {
    let hub = TestHub::start(HubOptions::default());
    let mut asking = hub.connect().await;
    let mut asked = hub.connect().await;
    let id = hub.id_of_other(&mut asking).await;

    let call = asking.start("Ask", json!([id])).await;
    asked.next().await;
    drop(asked);

    assert_eq!(
        asking.completion(&call).await["error"],
        format!(
            "An unexpected error occurred invoking 'Ask' on the server. HubException: Connection '{id}' disconnected."
        )
    );
}

#[tokio::test]
async fn asking_nobody_is_an_error() {
    let hub = TestHub::start(HubOptions::default());

    let answer = hub
        .context
        .clients()
        .connection("nobody")
        .ask::<i64>("Question", ())
        .await;

    assert_eq!(
        answer.unwrap_err().to_string(),
        "Connection 'nobody' does not exist."
    );
}

#[tokio::test]
async fn a_call_that_waits_for_a_place_begins_when_one_is_free() {
    let mut hub = TestHub::start(HubOptions {
        parallel_calls: 2,
        ..HubOptions::default()
    });
    let mut client = hub.connect().await;
    hub.event().await;

    let first = client.start("Wait", json!([])).await;
    let second = client.start("Wait", json!([])).await;
    let third = client.start("Echo", json!([3])).await;
    assert_eq!(hub.event().await, "waiting");
    assert_eq!(hub.event().await, "waiting");
    hub.gate.notify_one();

    let answered = client.next().await["invocationId"].clone();
    assert!(answered == first || answered == second, "{answered}");
    assert_eq!(client.completion(&third).await["result"], 3);
}

#[tokio::test]
async fn what_a_call_leaves_is_found_by_later_calls_of_the_same_connection_alone() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let mut other = hub.connect().await;

    let before = client.call("Remember", json!(["one"])).await;
    assert_eq!(before["result"], json!(null));
    let before = other.call("Remember", json!(["three"])).await;
    assert_eq!(before["result"], json!(null));
    let before = client.call("Remember", json!(["two"])).await;
    assert_eq!(before["result"], "one");
}

#[tokio::test]
async fn a_method_can_tell_everyone_but_its_caller() {
    let hub = TestHub::start(HubOptions::default());
    let mut caller = hub.connect().await;
    let mut other = hub.connect().await;

    caller.call("TellOthers", json!(["hi"])).await;

    assert_eq!(other.told().await.1, json!(["hi"]));
    assert!(caller.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn a_guard_that_panics_refuses_that_call_alone() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    let refused = client.call("Trap", json!([])).await;

    assert_eq!(
        refused["error"],
        "An unexpected error occurred invoking 'Trap' on the server."
    );
    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn an_argument_may_be_null_where_the_method_says_so() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    assert_eq!(client.call("OrZero", json!([null])).await["result"], 0);
    assert_eq!(client.call("OrZero", json!([7])).await["result"], 7);
    assert!(client.call("OrZero", json!([])).await["error"].is_string());
}

#[tokio::test]
async fn a_caller_can_be_told_something_after_its_call_was_answered() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    assert_eq!(hub.event().await, "connected");

    client.call("TellLater", json!(["later"])).await;
    hub.gate.notify_one();
    assert_eq!(client.told().await.1, json!(["later"]));
    assert_eq!(hub.event().await, "told");

    client.call("TellLater", json!(["too late"])).await;
    drop(client);
    hub.no_connections().await;
    hub.gate.notify_one();
    let events = [hub.event().await, hub.event().await];
    assert!(events.contains(&"told".to_owned()), "{events:?}");
}

#[tokio::test]
async fn clients_can_be_told_of_one_that_is_just_connecting() {
    let hub = TestHub::start(HubOptions::default());
    let mut earlier = hub.connect().await;

    let mut newcomer = hub.connect_to("/hub?greet=1").await;

    assert_eq!(earlier.told().await.1, json!(["welcome"]));
    assert_eq!(newcomer.told().await.1, json!(["welcome"]));
}

#[tokio::test]
async fn answers_to_what_nobody_asked_are_ignored() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client.send(json!({"type": 3, "invocationId": "x"})).await;
    client
        .send(json!({"type": 3, "invocationId": "y", "result": 1}))
        .await;
    client
        .send(json!({"type": 3, "invocationId": "z", "error": "e"}))
        .await;
    client.send(json!({"type": 5, "invocationId": "x"})).await;

    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_broadcast_reaches_clients_of_both_protocols() {
    let hub = TestHub::start(HubOptions {
        message_pack: true,
        ..HubOptions::default()
    });
    let mut json_client = hub.connect().await;
    let mut binary_client = hub.open("/hub").await;
    binary_client
        .send(json!({"protocol": "MessagePack", "version": 1}))
        .await;
    assert_eq!(binary_client.next_frame().await.into_data()[..], *b"{}\x1e");

    let clients = hub.context.clients();
    clients.all().send("Told", ("hi", 1)).await.unwrap();

    assert_eq!(
        json_client.told().await,
        ("Told".to_owned(), json!(["hi", 1]))
    );
    let told = b"\x0f\x96\x01\x80\xc0\xa4Told\x92\xa2hi\x01\x90";
    assert_eq!(binary_client.next_frame().await, Message::binary(&told[..]));
}

#[tokio::test]
async fn what_cannot_be_written_is_an_error_of_its_sender_and_nobody_elses() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let unwritable = std::collections::HashMap::from([((1, 2), "a key that is no text")]);

    let clients = hub.context.clients();
    let sent = clients.all().send("Told", (unwritable,)).await;

    assert_eq!(
        sent.unwrap_err().to_string(),
        "the arguments cannot be written"
    );
    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn what_only_resuming_clients_say_means_nothing_from_others() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client.send(json!({"type": 8, "sequenceId": 5})).await;
    client.send(json!({"type": 9, "sequenceId": 9})).await;
    client.send(json!({"type": 99})).await;

    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}
