//! Messages that wait in a SQLite database.

use std::{sync::Arc, time::Duration};

use signalr_hub::{
    durable::{DurableMessage, Inbox, InboxLimits, InboxStore, SqliteInbox, conformance::PER_USER},
    inbox_conformance,
};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tempfile::TempDir;

inbox_conformance!(store().await);

async fn store() -> (Arc<dyn InboxStore>, TempDir) {
    let (pool, folder) = new_database().await;
    (Arc::new(open(&pool).await), folder)
}

async fn new_database() -> (SqlitePool, TempDir) {
    let folder = TempDir::new().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("inbox.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(20));
    (SqlitePool::connect_with(options).await.unwrap(), folder)
}

async fn open(pool: &SqlitePool) -> SqliteInbox {
    let limits = InboxLimits {
        per_user: PER_USER,
        ..InboxLimits::default()
    };
    SqliteInbox::open(pool.clone(), "test", limits)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_message_is_sent_with_the_senders_commit_and_never_after_a_rollback() {
    let (pool, _folder) = new_database().await;
    let inbox = open(&pool).await;
    let message = DurableMessage::new("Told", ("x",)).unwrap();

    let mut given_up = pool.begin().await.unwrap();
    inbox.add_in(&mut given_up, "ann", &message).await.unwrap();
    given_up.rollback().await.unwrap();
    assert!(inbox.after("ann", 0, 10).await.unwrap().is_empty());

    let mut kept = pool.begin().await.unwrap();
    let number = inbox.add_in(&mut kept, "ann", &message).await.unwrap();
    kept.commit().await.unwrap();
    assert_eq!(number, 1);
    assert_eq!(inbox.after("ann", 0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_inbox_is_opened_again_with_what_it_held() {
    let (pool, _folder) = new_database().await;
    let message = DurableMessage::new("Told", ("x",)).unwrap();
    open(&pool).await.add("ann", &message).await.unwrap();

    let again = open(&pool).await;

    assert_eq!(again.add("ann", &message).await.unwrap(), 2);
}

#[tokio::test]
async fn messages_that_are_too_old_are_removed() {
    let (pool, _folder) = new_database().await;
    let inbox = open(&pool).await;
    let message = DurableMessage::new("Told", ("x",)).unwrap();
    inbox.add("ann", &message).await.unwrap();
    let month = "UPDATE signalr_hub_inbox SET sent_at = unixepoch() - 31 * 24 * 3600";
    sqlx::query(month).execute(&pool).await.unwrap();
    inbox.add("ann", &message).await.unwrap();

    inbox.clean().await.unwrap();

    let left = inbox.after("ann", 0, 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].number, 2);
}
