//! Messages that wait in a PostgreSQL database.

use std::sync::Arc;

use serde_json::json;
use signalr_hub::{
    HubOptions,
    durable::{
        DurableMessage, Inbox, InboxLimits, InboxStore, PostgresInbox, conformance::PER_USER,
    },
    inbox_conformance,
};

use crate::{
    postgres::Database,
    test_hub::{TestHub, with_users},
};

inbox_conformance!(store().await);

async fn store() -> (Arc<dyn InboxStore>, Database) {
    let database = Database::create().await;
    (Arc::new(open(&database, "test").await), database)
}

async fn open(database: &Database, hub: &str) -> PostgresInbox {
    let limits = InboxLimits {
        per_user: PER_USER,
        ..InboxLimits::default()
    };
    let opened = PostgresInbox::open(database.here.clone(), hub, limits).await;
    opened.unwrap()
}

fn message(text: &str) -> DurableMessage {
    DurableMessage::new("Told", (text,)).unwrap()
}

#[tokio::test]
async fn a_message_is_sent_with_the_senders_commit_and_never_after_a_rollback() {
    let database = Database::create().await;
    let inbox = open(&database, "test").await;
    let hub = TestHub::start(HubOptions {
        inbox: Some(Arc::new(inbox.clone())),
        ..with_users()
    });
    let mut ann = hub.connect_as("ann").await;

    let mut given_up = database.there.begin().await.unwrap();
    let lost = message("lost");
    inbox.add_in(&mut given_up, "ann", &lost).await.unwrap();
    given_up.rollback().await.unwrap();
    let mut kept = database.there.begin().await.unwrap();
    let told = message("told");
    inbox.add_in(&mut kept, "ann", &told).await.unwrap();
    kept.commit().await.unwrap();
    hub.context.clients().deliver("ann").await.unwrap();

    assert_eq!(ann.told().await.1, json!(["told"]));
}

#[tokio::test]
async fn acknowledging_does_not_wait_for_a_sender_who_takes_long() {
    let database = Database::create().await;
    let inbox = open(&database, "test").await;
    inbox.add("ann", &message("one")).await.unwrap();
    let mut long = database.there.begin().await.unwrap();
    inbox
        .add_in(&mut long, "ann", &message("two"))
        .await
        .unwrap();

    inbox.acknowledge("ann", 1).await.unwrap();

    assert_eq!(inbox.acknowledged("ann").await.unwrap(), 1);
    assert_eq!(inbox.after("ann", 0, 10).await.unwrap().len(), 1);
    long.commit().await.unwrap();
    assert_eq!(inbox.after("ann", 0, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn hubs_that_share_a_database_have_inboxes_of_their_own() {
    let database = Database::create().await;
    let (chat, news) = (open(&database, "chat").await, open(&database, "news").await);

    chat.add("ann", &message("chat")).await.unwrap();

    assert_eq!(news.add("ann", &message("news")).await.unwrap(), 1);
    assert_eq!(chat.after("ann", 0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn messages_that_are_too_old_are_removed() {
    let database = Database::create().await;
    let inbox = open(&database, "test").await;
    inbox.add("ann", &message("old")).await.unwrap();
    inbox.add("ann", &message("new")).await.unwrap();
    let age = "UPDATE signalr_hub_inbox SET sent_at = now() - interval '31 days' WHERE number = 1";
    sqlx::query(age).execute(&database.here).await.unwrap();

    inbox.clean().await.unwrap();

    let left = inbox.after("ann", 0, 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].message, message("new"));
}

#[tokio::test]
async fn acknowledged_messages_are_removed_after_a_minute() {
    let database = Database::create().await;
    let inbox = open(&database, "test").await;
    inbox.add("ann", &message("one")).await.unwrap();
    inbox.add("ann", &message("two")).await.unwrap();
    inbox.acknowledge("ann", 1).await.unwrap();
    let age = "UPDATE signalr_hub_inbox SET sent_at = now() - interval '2 minutes'";
    sqlx::query(age).execute(&database.here).await.unwrap();

    inbox.clean().await.unwrap();

    assert_eq!(inbox.after("ann", 0, 10).await.unwrap().len(), 1);
}
