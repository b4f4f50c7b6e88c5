use std::sync::Arc;

use serde_json::json;
use signalr_hub::backplane::InProcessBackplane;

use crate::test_hub::{TestHub, with_users};

/// Two servers of one hub.
fn two_servers() -> (TestHub, TestHub) {
    let backplane = Arc::new(InProcessBackplane::default());
    let start = || {
        let mut options = with_users();
        options.backplane = Some(backplane.clone());
        TestHub::start(options)
    };
    (start(), start())
}

#[tokio::test]
async fn everyone_is_reached_from_every_server_once() {
    let (here, there) = two_servers();
    let mut ann = here.connect_as("ann").await;
    let mut bob = there.connect_as("bob").await;

    here.context
        .clients()
        .all()
        .send("Told", ("all",))
        .await
        .unwrap();
    here.context
        .clients()
        .user("bob")
        .send("Told", ("bob",))
        .await
        .unwrap();
    there
        .context
        .clients()
        .user("ann")
        .send("Told", ("ann",))
        .await
        .unwrap();

    assert_eq!(ann.told().await.1, json!(["all"]));
    assert_eq!(ann.told().await.1, json!(["ann"]));
    assert_eq!(bob.told().await.1, json!(["all"]));
    assert_eq!(bob.told().await.1, json!(["bob"]));
    assert!(ann.heard_until_now().await.is_empty());
    assert!(bob.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn groups_span_servers() {
    let (here, there) = two_servers();
    let mut ann = here.connect_as("ann").await;
    let mut bob = there.connect_as("bob").await;
    let ann_id = here.context.local_connections().remove(0);
    let bob_id = there.context.local_connections().remove(0);
    ann.call("Join", json!(["red"])).await;

    here.context.join_group(&bob_id, "red").await.unwrap();
    let red = here.context.clients().group("red").except([ann_id]);
    red.send("Told", ("hi",)).await.unwrap();
    here.context.leave_group(&bob_id, "red").await.unwrap();
    here.context
        .clients()
        .group("red")
        .send("Told", ("bye",))
        .await
        .unwrap();
    here.context
        .clients()
        .connection(&bob_id)
        .send("Told", ("end",))
        .await
        .unwrap();

    assert_eq!(bob.told().await.1, json!(["hi"]));
    assert_eq!(bob.told().await.1, json!(["end"]));
    assert_eq!(ann.told().await.1, json!(["bye"]));
}

#[tokio::test]
async fn a_client_of_another_server_can_be_asked() {
    let (here, there) = two_servers();
    let mut bob = there.connect_as("bob").await;
    let id = there.context.local_connections().remove(0);

    let clients = here.context.clients();
    let asking =
        tokio::spawn(async move { clients.connection(&id).ask::<i64>("Question", ("x",)).await });
    let question = bob.next().await;
    bob.send(json!({"type": 3, "invocationId": question["invocationId"], "result": 42}))
        .await;

    assert_eq!(asking.await.unwrap().unwrap(), 42);
}

#[tokio::test]
async fn whoever_asks_learns_that_a_client_of_another_server_left() {
    let (here, there) = two_servers();
    let mut bob = there.connect_as("bob").await;
    let id = there.context.local_connections().remove(0);

    let clients = here.context.clients();
    let asking =
        tokio::spawn(async move { clients.connection(&id).ask::<i64>("Question", ()).await });
    bob.next().await;
    drop(bob);

    let error = asking.await.unwrap().unwrap_err();
    assert!(error.to_string().ends_with("disconnected."), "{error}");
}

#[tokio::test(start_paused = true)]
async fn asking_a_client_that_no_server_has_takes_thirty_seconds() {
    let (here, _there) = two_servers();
    let start = tokio::time::Instant::now();

    let answer = here
        .context
        .clients()
        .connection("nobody")
        .ask::<i64>("Question", ())
        .await;

    assert!(answer.is_err());
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn a_user_is_revoked_on_all_servers() {
    let (here, there) = two_servers();
    let mut phone = here.connect_as("ann").await;
    let mut laptop = there.connect_as("ann").await;

    here.context.revoke_user("ann").await.unwrap();

    assert_eq!(phone.next().await["type"], 7);
    assert_eq!(laptop.next().await["type"], 7);
}
