//! Messages that wait for their user.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use signalr_hub::{
    HubOptions,
    backplane::InProcessBackplane,
    durable::{DurableMessage, Inbox, InboxLimits, InboxStore, MemoryInbox, conformance::PER_USER},
    inbox_conformance,
};
use tokio::time::Instant;

use crate::{
    test_client::TestClient,
    test_hub::{TestHub, with_users},
};

inbox_conformance!(memory_inbox());

fn memory_inbox() -> (Arc<dyn InboxStore>, ()) {
    let limits = InboxLimits {
        per_user: PER_USER,
        ..InboxLimits::default()
    };
    (Arc::new(MemoryInbox::bounded(limits)), ())
}

/// A hub whose users have an inbox.
struct Post {
    inbox: Arc<MemoryInbox>,
    hub: TestHub,
}

impl Post {
    fn open() -> Self {
        let inbox = Arc::new(MemoryInbox::default());
        let hub = TestHub::start(options(&inbox));
        Self { inbox, hub }
    }

    /// Stores a message and dies before telling anyone.
    async fn store(&self, text: &str) -> u64 {
        let message = DurableMessage::new("Told", (text,)).unwrap();
        self.inbox.add("ann", &message).await.unwrap()
    }

    async fn send(&self, text: &str) {
        self.store(text).await;
        self.hub.context.clients().deliver("ann").await.unwrap();
    }

    async fn acknowledged(&self, number: u64) {
        while self.inbox.acknowledged("ann").await.unwrap() < number {
            tokio::task::yield_now().await;
        }
    }
}

fn options(inbox: &Arc<MemoryInbox>) -> HubOptions {
    HubOptions {
        inbox: Some(inbox.clone()),
        ..with_users()
    }
}

/// Takes the next message, which is to be this one; gives the id for the answer.
async fn expect(client: &mut TestClient, text: &str) -> Value {
    let call = client.next().await;
    assert_eq!(call["target"], "Told");
    assert_eq!(call["arguments"], json!([text]));
    call["invocationId"].clone()
}

/// As every SignalR client does when the handler returned nothing.
async fn answer(client: &mut TestClient, id: Value) {
    let error = "Client didn't provide a result.";
    client
        .send(json!({"type": 3, "invocationId": id, "error": error}))
        .await;
}

#[tokio::test]
async fn a_message_sent_while_the_user_was_away_arrives_at_the_next_connection() {
    let post = Post::open();
    post.send("one").await;
    post.send("two").await;

    let mut ann = post.hub.connect_as("ann").await;

    expect(&mut ann, "one").await;
    expect(&mut ann, "two").await;
}

#[tokio::test]
async fn a_message_to_a_connected_user_arrives_at_once() {
    let post = Post::open();
    let mut ann = post.hub.connect_as("ann").await;

    post.send("now").await;

    expect(&mut ann, "now").await;
    assert!(ann.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn what_was_acknowledged_does_not_come_again() {
    let post = Post::open();
    let mut first = post.hub.connect_as("ann").await;
    post.send("one").await;
    post.send("two").await;
    let one = expect(&mut first, "one").await;
    expect(&mut first, "two").await;

    answer(&mut first, one).await;
    post.acknowledged(1).await;
    drop(first);
    let mut second = post.hub.connect_as("ann").await;

    expect(&mut second, "two").await;
    assert!(second.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn a_result_acknowledges_as_well() {
    let post = Post::open();
    let mut ann = post.hub.connect_as("ann").await;
    post.send("one").await;
    let one = expect(&mut ann, "one").await;

    ann.send(json!({"type": 3, "invocationId": one, "result": true}))
        .await;

    post.acknowledged(1).await;
}

#[tokio::test]
async fn an_answer_acknowledges_everything_before_it() {
    let post = Post::open();
    let mut ann = post.hub.connect_as("ann").await;
    post.send("one").await;
    post.send("two").await;
    expect(&mut ann, "one").await;
    let two = expect(&mut ann, "two").await;

    answer(&mut ann, two).await;

    post.acknowledged(2).await;
}

#[tokio::test]
async fn nobody_acknowledges_what_they_were_not_sent() {
    let post = Post::open();
    let mut ann = post.hub.connect_as("ann").await;
    post.send("one").await;
    let one = expect(&mut ann, "one").await;
    post.store("not delivered yet").await;

    answer(&mut ann, json!("inbox:2")).await;
    answer(&mut ann, json!("inbox:18446744073709551615")).await;
    answer(&mut ann, one).await;

    post.acknowledged(1).await;
    assert_eq!(post.inbox.acknowledged("ann").await.unwrap(), 1);
}

#[tokio::test]
async fn all_connections_of_the_user_get_it_and_one_answer_counts() {
    let post = Post::open();
    let mut phone = post.hub.connect_as("ann").await;
    let mut laptop = post.hub.connect_as("ann").await;

    post.send("one").await;
    let one = expect(&mut phone, "one").await;
    answer(&mut phone, one).await;
    post.acknowledged(1).await;

    expect(&mut laptop, "one").await;
    let mut later = post.hub.connect_as("ann").await;
    assert!(later.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn other_users_hear_nothing() {
    let post = Post::open();
    let mut bob = post.hub.connect_as("bob").await;

    post.send("for ann").await;

    assert!(bob.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn a_thousand_messages_arrive_in_order_while_more_are_sent() {
    let post = Post::open();
    for number in 0..500 {
        post.store(&number.to_string()).await;
    }

    let mut ann = post.hub.connect_as("ann").await;
    let sending = async {
        for number in 500..1_000 {
            post.send(&number.to_string()).await;
        }
    };
    let receiving = async {
        for number in 0..1_000 {
            let id = expect(&mut ann, &number.to_string()).await;
            answer(&mut ann, id).await;
        }
    };
    tokio::join!(sending, receiving);

    post.acknowledged(1_000).await;
}

#[tokio::test]
async fn a_message_can_carry_its_number() {
    let post = Post::open();
    let message = DurableMessage::new("Told", ("x",)).unwrap().with_number();
    post.inbox.add("ann", &message).await.unwrap();

    let mut ann = post.hub.connect_as("ann").await;

    assert_eq!(ann.told().await.1, json!([1, "x"]));
}

#[tokio::test]
async fn a_connection_to_another_server_is_told() {
    let inbox = Arc::new(MemoryInbox::default());
    let backplane = Arc::new(InProcessBackplane::default());
    let start = || {
        TestHub::start(HubOptions {
            backplane: Some(backplane.clone()),
            ..options(&inbox)
        })
    };
    let (here, there) = (start(), start());
    let mut ann = there.connect_as("ann").await;

    let message = DurableMessage::new("Told", ("hi",)).unwrap();
    inbox.add("ann", &message).await.unwrap();
    here.context.clients().deliver("ann").await.unwrap();

    expect(&mut ann, "hi").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_sender_died_before_telling_anyone_comes_within_seconds() {
    let post = Post::open();
    let mut ann = post.hub.connect_as("ann").await;
    assert!(ann.heard_until_now().await.is_empty());
    let start = Instant::now();

    post.store("found").await;

    expect(&mut ann, "found").await;
    assert!(start.elapsed() <= Duration::from_secs(5));
}

#[tokio::test]
async fn a_user_without_a_name_has_no_inbox() {
    let inbox = Arc::new(MemoryInbox::default());
    let hub = TestHub::start(HubOptions {
        inbox: Some(inbox.clone()),
        ..HubOptions::default()
    });

    let mut nobody = hub.connect().await;
    hub.context.clients().deliver("ann").await.unwrap();

    assert!(nobody.heard_until_now().await.is_empty());
}

#[tokio::test]
async fn a_slow_client_gets_every_durable_message_whatever_happens_to_others() {
    let inbox = Arc::new(MemoryInbox::default());
    let mut options = options(&inbox);
    options.connections.outbox.messages = 4;
    let post = Post {
        hub: TestHub::start(options),
        inbox,
    };
    let filling = "x".repeat(100_000);
    for number in 0..50 {
        post.store(&format!("{number} {filling}")).await;
    }

    let mut slow = post.hub.connect_as("ann").await;

    for number in 0..50 {
        expect(&mut slow, &format!("{number} {filling}")).await;
    }
}
