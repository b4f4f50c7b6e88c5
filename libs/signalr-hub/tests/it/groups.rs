use serde_json::json;
use signalr_hub::HubOptions;

use crate::test_hub::TestHub;

#[tokio::test]
async fn a_message_to_a_group_reaches_its_members() {
    let hub = TestHub::start(HubOptions::default());
    let (mut member, mut other) = (hub.connect().await, hub.connect().await);
    member.call("Join", json!(["red"])).await;

    let clients = hub.context.clients();
    clients.group("red").send("Told", ("hi",)).await.unwrap();

    assert_eq!(member.told().await, ("Told".to_owned(), json!(["hi"])));
    assert!(other.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn group_names_are_compared_exactly() {
    let hub = TestHub::start(HubOptions::default());
    let mut member = hub.connect().await;
    member.call("Join", json!(["red"])).await;

    let clients = hub.context.clients();
    clients.group("Red").send("Told", ("hi",)).await.unwrap();

    assert!(member.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn whoever_left_a_group_is_not_told() {
    let hub = TestHub::start(HubOptions::default());
    let mut member = hub.connect().await;
    member.call("Join", json!(["red"])).await;
    member.call("Leave", json!(["red"])).await;
    member.call("Leave", json!(["red"])).await;

    let clients = hub.context.clients();
    clients.group("red").send("Told", ("hi",)).await.unwrap();

    assert!(member.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn whoever_is_in_two_of_the_groups_is_told_twice() {
    let hub = TestHub::start(HubOptions::default());
    let mut member = hub.connect().await;
    member.call("Join", json!(["red"])).await;
    member.call("Join", json!(["blue"])).await;

    let clients = hub.context.clients();
    clients
        .groups(["red", "blue", "empty"])
        .send("Told", ())
        .await
        .unwrap();

    assert_eq!(member.heard_until_now().await.len(), 2);
}

#[tokio::test]
async fn a_method_can_tell_the_others_in_a_group() {
    let hub = TestHub::start(HubOptions::default());
    let (mut caller, mut other) = (hub.connect().await, hub.connect().await);
    caller.call("Join", json!(["red"])).await;
    other.call("Join", json!(["red"])).await;

    caller.call("TellOthersInGroup", json!(["red", "hi"])).await;

    assert_eq!(other.told().await.1, json!(["hi"]));
    assert!(caller.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn connections_can_be_left_out() {
    let hub = TestHub::start(HubOptions::default());
    let mut left_out = hub.connect().await;
    let id = hub.context.local_connections().remove(0);
    let mut other = hub.connect().await;

    let clients = hub.context.clients();
    clients.all().except([id]).send("Told", ()).await.unwrap();

    assert_eq!(other.told().await, ("Told".to_owned(), json!([])));
    assert!(left_out.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn a_connection_leaves_its_groups_when_it_ends() {
    let mut hub = TestHub::start(HubOptions::default());
    let mut member = hub.connect().await;
    member.call("Join", json!(["red"])).await;
    assert_eq!(hub.context.local_connections_in_group("red").len(), 1);

    drop(member);
    hub.event().await;
    hub.event().await;
    hub.no_connections().await;

    assert!(hub.context.local_connections_in_group("red").is_empty());
}

#[tokio::test]
async fn the_program_can_put_connections_into_groups() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let id = hub.context.local_connections().remove(0);

    hub.context.join_group(&id, "red").await.unwrap();
    hub.context.join_group("nobody", "red").await.unwrap();
    let clients = hub.context.clients();
    clients.group("red").send("Told", ()).await.unwrap();
    hub.context.leave_group(&id, "red").await.unwrap();
    clients.group("red").send("Told", ()).await.unwrap();

    assert_eq!(client.heard_until_now().await.len(), 1);
}
