//! A hub on two servers: the same stories over each backplane.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use signalr_hub::{
    PresentConnection,
    backplane::{Backplane, conformance::Pair},
};
use tokio::time::timeout;

use crate::test_hub::{TestHub, with_users};

const SOON: Duration = Duration::from_secs(20);

/// Makes a test of each story. The expression gives a [`Pair`] and what has to live as long as the test.
macro_rules! several_servers {
    ($pair:expr) => {
        several_servers! { @tests $pair,
            everyone_is_reached_from_every_server_once,
            connections_users_and_groups_are_reached_in_any_number,
            groups_span_servers,
            joining_twice_counts_once_and_leaving_elsewhere_is_no_error,
            a_user_is_still_told_after_one_of_their_connections_left,
            sending_to_who_is_gone_is_no_error_and_others_still_hear,
            a_client_of_another_server_can_be_asked,
            a_client_of_another_server_answers_with_an_error,
            an_answer_of_another_type_from_another_server_is_an_error,
            names_of_groups_and_users_are_no_patterns,
            asking_a_client_that_no_server_has_fails_at_once,
            whoever_asks_learns_that_a_client_of_another_server_left,
            a_user_is_revoked_on_all_servers,
            messages_of_any_size_pass_in_their_order,
            who_is_connected_is_known_on_all_servers,
            who_is_in_a_group_is_known_on_all_servers,
            which_users_and_groups_there_are_is_known_on_all_servers,
            who_left_is_not_there_any_more,
        }
    };
    (@tests $pair:expr, $($story:ident,)*) => {
        $(
            #[tokio::test]
            async fn $story() {
                let (pair, _alive) = $pair;
                let servers = crate::several_servers::start(pair);
                crate::several_servers::$story(servers).await;
            }
        )*
    };
}

mod in_process {
    use std::sync::Arc;

    use signalr_hub::backplane::{InProcessBackplane, conformance::Pair};

    fn pair() -> (Pair, ()) {
        let backplane = Arc::new(InProcessBackplane::default());
        ((backplane.clone(), backplane), ())
    }

    several_servers!(pair());
    signalr_hub::backplane_conformance!(pair());
}

pub(crate) use several_servers;

pub fn start((here, there): Pair) -> (TestHub, TestHub) {
    let start = |backplane: Arc<dyn Backplane>| {
        let mut options = with_users();
        options.backplane = Some(backplane);
        options.server_beat = Duration::from_secs(1);
        TestHub::start(options)
    };
    (start(here), start(there))
}

pub async fn everyone_is_reached_from_every_server_once((here, there): (TestHub, TestHub)) {
    let mut ann = here.connect_as("ann").await;
    let mut bob = there.connect_as("bob").await;

    let clients = here.context.clients();
    clients.all().send("Told", ("all",)).await.unwrap();
    clients.user("bob").send("Told", ("bob",)).await.unwrap();
    assert_eq!(ann.told().await.1, json!(["all"]));
    assert_eq!(bob.told().await.1, json!(["all"]));
    assert_eq!(bob.told().await.1, json!(["bob"]));
    let clients = there.context.clients();
    clients.user("ann").send("Told", ("ann",)).await.unwrap();
    assert_eq!(ann.told().await.1, json!(["ann"]));

    assert!(ann.heard_until_now().await.is_empty());
    assert!(bob.heard_until_now().await.is_empty());
}

pub async fn connections_users_and_groups_are_reached_in_any_number(
    (here, there): (TestHub, TestHub),
) {
    let mut ann = there.connect_as("ann").await;
    let ann_id = there.context.local_connections().remove(0);
    let mut bob = there.connect_as("bob").await;
    ann.call("Join", json!(["red"])).await;
    bob.call("Join", json!(["blue"])).await;
    let clients = here.context.clients();

    let everyone = clients.all().except([&*ann_id]);
    everyone.send("Told", (1,)).await.unwrap();
    let ann_alone = clients.connections([&*ann_id, "nobody"]);
    ann_alone.send("Told", (2,)).await.unwrap();
    let both = clients.users(["ann", "bob", "nobody"]);
    both.send("Told", (3,)).await.unwrap();
    let groups = clients.groups(["red", "blue"]).except([&*ann_id]);
    groups.send("Told", (4,)).await.unwrap();
    clients.all().send("Told", (5,)).await.unwrap();

    for expected in [2, 3, 5] {
        assert_eq!(
            timeout(SOON, ann.told()).await.unwrap().1,
            json!([expected])
        );
    }
    for expected in [1, 3, 4, 5] {
        assert_eq!(
            timeout(SOON, bob.told()).await.unwrap().1,
            json!([expected])
        );
    }
}

pub async fn groups_span_servers((here, there): (TestHub, TestHub)) {
    let mut ann = here.connect_as("ann").await;
    let mut bob = there.connect_as("bob").await;
    let ann_id = here.context.local_connections().remove(0);
    let bob_id = there.context.local_connections().remove(0);
    ann.call("Join", json!(["red"])).await;

    here.context.join_group(&bob_id, "red").await.unwrap();
    let clients = here.context.clients();
    let red = clients.group("red").except([ann_id]);
    red.send("Told", ("hi",)).await.unwrap();
    here.context.leave_group(&bob_id, "red").await.unwrap();
    clients.group("red").send("Told", ("bye",)).await.unwrap();
    let bob_alone = clients.connection(&bob_id);
    bob_alone.send("Told", ("end",)).await.unwrap();

    assert_eq!(timeout(SOON, bob.told()).await.unwrap().1, json!(["hi"]));
    assert_eq!(timeout(SOON, bob.told()).await.unwrap().1, json!(["end"]));
    assert_eq!(ann.told().await.1, json!(["bye"]));
}

pub async fn joining_twice_counts_once_and_leaving_elsewhere_is_no_error(
    (here, there): (TestHub, TestHub),
) {
    let mut bob = there.connect_as("bob").await;
    let bob_id = there.context.local_connections().remove(0);
    let clients = here.context.clients();

    here.context.leave_group(&bob_id, "red").await.unwrap();
    here.context.join_group(&bob_id, "red").await.unwrap();
    here.context.join_group(&bob_id, "red").await.unwrap();
    bob.call("Join", json!(["red"])).await;
    here.context.join_group("nobody", "red").await.unwrap();
    clients.group("red").send("Told", ("once",)).await.unwrap();
    here.context.leave_group(&bob_id, "red").await.unwrap();
    clients.group("red").send("Told", ("never",)).await.unwrap();
    let bob_alone = clients.connection(&bob_id);
    bob_alone.send("Told", ("end",)).await.unwrap();

    assert_eq!(timeout(SOON, bob.told()).await.unwrap().1, json!(["once"]));
    assert_eq!(timeout(SOON, bob.told()).await.unwrap().1, json!(["end"]));
}

pub async fn a_user_is_still_told_after_one_of_their_connections_left(
    (here, there): (TestHub, TestHub),
) {
    let phone = there.connect_as("ann").await;
    let mut laptop = there.connect_as("ann").await;
    let mut desktop = here.connect_as("ann").await;

    drop(phone);
    while there.context.local_connections().len() > 1 {
        tokio::task::yield_now().await;
    }
    let ann = here.context.clients().user("ann");
    ann.send("Told", ("still",)).await.unwrap();

    for client in [&mut laptop, &mut desktop] {
        let told = timeout(SOON, client.told()).await.unwrap();
        assert_eq!(told.1, json!(["still"]));
    }
}

pub async fn sending_to_who_is_gone_is_no_error_and_others_still_hear(
    (here, there): (TestHub, TestHub),
) {
    let gone = there.connect_as("ann").await;
    let gone_id = there.context.local_connections().remove(0);
    let mut bob = there.connect_as("bob").await;
    here.context.join_group(&gone_id, "red").await.unwrap();
    bob.call("Join", json!(["red"])).await;
    drop(gone);
    let clients = here.context.clients();

    let gone_alone = clients.connection(&gone_id);
    gone_alone.send("Told", ("lost",)).await.unwrap();
    clients.user("ann").send("Told", ("lost",)).await.unwrap();
    clients
        .group("green")
        .send("Told", ("lost",))
        .await
        .unwrap();
    clients.group("red").send("Told", ("heard",)).await.unwrap();

    let told = timeout(SOON, bob.told()).await.unwrap();
    assert_eq!(told.1, json!(["heard"]));
}

pub async fn a_client_of_another_server_can_be_asked((here, there): (TestHub, TestHub)) {
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

pub async fn a_client_of_another_server_answers_with_an_error((here, there): (TestHub, TestHub)) {
    let mut bob = there.connect_as("bob").await;
    let id = there.context.local_connections().remove(0);

    let clients = here.context.clients();
    let asking =
        tokio::spawn(async move { clients.connection(&id).ask::<i64>("Question", ()).await });
    let question = bob.next().await;
    bob.send(json!({"type": 3, "invocationId": question["invocationId"], "error": "not now"}))
        .await;

    assert_eq!(asking.await.unwrap().unwrap_err().to_string(), "not now");
}

pub async fn an_answer_of_another_type_from_another_server_is_an_error(
    (here, there): (TestHub, TestHub),
) {
    let mut bob = there.connect_as("bob").await;
    let id = there.context.local_connections().remove(0);

    let clients = here.context.clients();
    let asking =
        tokio::spawn(async move { clients.connection(&id).ask::<i64>("Question", ()).await });
    let question = bob.next().await;
    bob.send(json!({"type": 3, "invocationId": question["invocationId"], "result": "many"}))
        .await;

    assert!(timeout(SOON, asking).await.unwrap().unwrap().is_err());
    assert_eq!(bob.call("Echo", json!([1])).await["result"], 1);
}

pub async fn names_of_groups_and_users_are_no_patterns((here, there): (TestHub, TestHub)) {
    let mut star = there.connect_as("*").await;
    let mut ann = there.connect_as("ann").await;
    star.call("Join", json!(["r*d?"])).await;
    ann.call("Join", json!(["red"])).await;
    let clients = here.context.clients();

    clients.user("*").send("Told", (1,)).await.unwrap();
    clients.group("r*d?").send("Told", (2,)).await.unwrap();
    clients.all().send("Told", (3,)).await.unwrap();

    for expected in [1, 2, 3] {
        let told = timeout(SOON, star.told()).await.unwrap();
        assert_eq!(told.1, json!([expected]));
    }
    assert_eq!(timeout(SOON, ann.told()).await.unwrap().1, json!([3]));
}

pub async fn asking_a_client_that_no_server_has_fails_at_once((here, _there): (TestHub, TestHub)) {
    let nobody = here.context.clients().connection("nobody");

    let answer = timeout(SOON, nobody.ask::<i64>("Question", ())).await;

    let error = answer.unwrap().unwrap_err().to_string();
    assert_eq!(error, "Connection 'nobody' does not exist.");
}

pub async fn whoever_asks_learns_that_a_client_of_another_server_left(
    (here, there): (TestHub, TestHub),
) {
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

pub async fn a_user_is_revoked_on_all_servers((here, there): (TestHub, TestHub)) {
    let mut phone = here.connect_as("ann").await;
    let mut laptop = there.connect_as("ann").await;

    here.context.revoke_user("ann").await.unwrap();

    assert_eq!(phone.next().await["type"], 7);
    assert_eq!(timeout(SOON, laptop.next()).await.unwrap()["type"], 7);
}

pub async fn messages_of_any_size_pass_in_their_order((here, there): (TestHub, TestHub)) {
    let mut ann = there.connect_as("ann").await;
    let clients = here.context.clients();

    for (number, length) in [1, 9_000, 100_000, 1, 300_000].into_iter().enumerate() {
        let ann = clients.user("ann");
        ann.send("Told", (number, "x".repeat(length)))
            .await
            .unwrap();
    }

    for (number, length) in [1, 9_000, 100_000, 1, 300_000].into_iter().enumerate() {
        let (_, told) = timeout(SOON, ann.told()).await.unwrap();
        assert_eq!(told[0], number);
        assert_eq!(told[1].as_str().unwrap().len(), length);
    }
}

pub async fn who_is_connected_is_known_on_all_servers((here, there): (TestHub, TestHub)) {
    let _phone = here.connect_as("ann").await;
    let _laptop = there.connect_as("ann").await;
    let _bob = there.connect_as("bob").await;
    let presence = here.context.presence();

    assert_eq!(presence.everyone().count().await.unwrap(), 3);
    assert_eq!(presence.of_user("ann").count().await.unwrap(), 2);
    assert!(!presence.of_user("nobody").is_any().await.unwrap());

    let bob_id = there.context.local_connections_of_user("bob").remove(0);
    let bob = presence.of_user("bob").list(10).await.unwrap();
    let expected = PresentConnection {
        id: bob_id.clone(),
        user_id: Some("bob".to_owned()),
    };
    assert_eq!(bob, [expected]);
    assert!(presence.connection(&bob_id).is_any().await.unwrap());
    assert!(!presence.connection("nobody").is_any().await.unwrap());
    assert_eq!(presence.everyone().list(2).await.unwrap().len(), 2);
}

pub async fn who_is_in_a_group_is_known_on_all_servers((here, there): (TestHub, TestHub)) {
    let mut ann = here.connect_as("ann").await;
    let mut bob = there.connect_as("bob").await;
    let bob_id = there.context.local_connections().remove(0);
    ann.call("Join", json!(["red"])).await;
    bob.call("Join", json!(["red"])).await;
    bob.call("Join", json!(["blue"])).await;
    let presence = here.context.presence();

    assert_eq!(presence.in_group("red").count().await.unwrap(), 2);
    assert_eq!(presence.in_group("blue").count().await.unwrap(), 1);
    assert_eq!(presence.in_group("green").count().await.unwrap(), 0);
    let groups = presence.groups_of(&bob_id).await.unwrap();
    assert_eq!(groups, ["blue", "red"]);
}

pub async fn which_users_and_groups_there_are_is_known_on_all_servers(
    (here, there): (TestHub, TestHub),
) {
    let mut ann = here.connect_as("ann").await;
    let mut laptop = there.connect_as("ann").await;
    let mut bob = there.connect_as("bob").await;
    ann.call("Join", json!(["red"])).await;
    laptop.call("Join", json!(["red"])).await;
    bob.call("Join", json!(["blue"])).await;
    bob.call("Join", json!(["left"])).await;
    bob.call("Leave", json!(["left"])).await;
    let presence = here.context.presence();

    assert_eq!(presence.users(10).await.unwrap(), ["ann", "bob"]);
    assert_eq!(presence.users(1).await.unwrap(), ["ann"]);
    assert_eq!(presence.groups(10).await.unwrap(), ["blue", "red"]);
    assert_eq!(presence.groups(1).await.unwrap(), ["blue"]);
}

pub async fn who_left_is_not_there_any_more((here, there): (TestHub, TestHub)) {
    let mut bob = there.connect_as("bob").await;
    bob.call("Join", json!(["red"])).await;
    let presence = here.context.presence();
    assert!(presence.in_group("red").is_any().await.unwrap());

    drop(bob);
    there.no_connections().await;

    assert!(!presence.in_group("red").is_any().await.unwrap());
    assert!(!presence.of_user("bob").is_any().await.unwrap());
}
