use serde_json::json;

use crate::test_hub::{TestHub, with_users};

#[tokio::test]
async fn a_message_to_a_user_reaches_all_of_their_connections() {
    let hub = TestHub::start(with_users());
    let mut phone = hub.connect_as("ann").await;
    let mut laptop = hub.connect_as("ann").await;
    let mut other = hub.connect_as("Ann").await;

    let clients = hub.context.clients();
    clients.user("ann").send("Told", ("hi", 1)).await.unwrap();

    let told = ("Told".to_owned(), json!(["hi", 1]));
    assert_eq!(phone.told().await, told);
    assert_eq!(laptop.told().await, told);
    assert!(other.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn several_users_can_be_told_at_once() {
    let hub = TestHub::start(with_users());
    let mut ann = hub.connect_as("ann").await;
    let mut bob = hub.connect_as("bob").await;

    let clients = hub.context.clients();
    clients
        .users(["ann", "bob", "nobody"])
        .send("Told", ())
        .await
        .unwrap();

    ann.told().await;
    bob.told().await;
}

#[tokio::test]
async fn revoking_a_user_ends_all_of_their_connections_and_no_others() {
    let hub = TestHub::start(with_users());
    let mut phone = hub.connect_as("ann").await;
    let mut laptop = hub.connect_as("ann").await;
    let mut other = hub.connect_as("bob").await;

    hub.context.revoke_user("ann").await.unwrap();

    let close = json!({"type": 7, "allowReconnect": true});
    assert_eq!(phone.next().await, close);
    assert_eq!(laptop.next().await, close);
    assert_eq!(other.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_method_can_tell_one_connection() {
    let hub = TestHub::start(with_users());
    let mut ann = hub.connect_as("ann").await;
    let mut bob = hub.connect_as("bob").await;
    let id = hub.context.local_connections_of_user("bob").remove(0);

    ann.call("Tell", json!([id, "hi"])).await;

    assert_eq!(bob.told().await, ("Told".to_owned(), json!(["hi"])));
}
