//! The suite that every inbox passes: what [`Inbox`](super::Inbox) and [`InboxStore`] say, as tests.
//!
//! [`inbox_conformance!`](crate::inbox_conformance) makes a test of each behaviour.

#![expect(missing_docs, reason = "the names of the behaviours are sentences")]

use std::sync::Arc;

use futures_util::future::join_all;

use super::{DurableMessage, InboxStore, NumberedMessage};

/// The most messages that wait for one user of the inboxes under test.
pub const PER_USER: u32 = 10;

type Store = Arc<dyn InboxStore>;

/// Makes one `#[tokio::test]` per behaviour of an inbox.
///
/// The expression is evaluated once per test, in an async function, and gives an
/// `Arc<dyn InboxStore>` that is empty and keeps [`PER_USER`](crate::durable::conformance::PER_USER)
/// messages for each user, and what has to live as long as the test.
#[macro_export]
macro_rules! inbox_conformance {
    ($inbox:expr) => {
        $crate::inbox_conformance! { @tests $inbox,
            messages_are_numbered_from_one_for_each_user,
            messages_come_back_as_they_were,
            messages_come_in_order_and_in_pages,
            what_was_never_acknowledged_is_zero,
            an_acknowledgement_never_goes_back,
            an_acknowledgement_is_of_one_user,
            acknowledged_messages_stay_for_a_moment,
            numbers_go_on_after_everything_was_acknowledged,
            the_newest_number_of_each_user_is_known,
            the_oldest_go_when_a_user_has_too_many,
            numbers_given_at_the_same_time_have_no_gaps,
            cleaning_keeps_what_waits,
        }
    };
    (@tests $inbox:expr, $($behaviour:ident,)*) => {
        $(
            #[tokio::test]
            async fn $behaviour() {
                let (inbox, _alive) = $inbox;
                $crate::durable::conformance::$behaviour(inbox).await;
            }
        )*
    };
}

pub async fn messages_are_numbered_from_one_for_each_user(inbox: Store) {
    assert_eq!(add(&inbox, "ann", "a").await, 1);
    assert_eq!(add(&inbox, "ann", "b").await, 2);
    assert_eq!(add(&inbox, "bob", "c").await, 1);
}

pub async fn messages_come_back_as_they_were(inbox: Store) {
    let sent = [
        DurableMessage::new("Told", ("Grüße 👋 \u{0} \" \\", 1.5, None::<u8>)),
        DurableMessage::new("Nothing", ()),
        DurableMessage::new("Numbered", ([1, 2],)).map(DurableMessage::with_number),
    ];
    let sent = sent.map(|message| message.expect("it can be written"));
    for message in &sent {
        inbox.add("ann", message).await.expect("it is stored");
    }

    let read = after(&inbox, "ann", 0).await;

    let read: Vec<_> = read.into_iter().map(|read| read.message).collect();
    assert_eq!(read, sent);
}

pub async fn messages_come_in_order_and_in_pages(inbox: Store) {
    for number in 1..=9 {
        add(&inbox, "ann", &number.to_string()).await;
        add(&inbox, "bob", "else").await;
    }

    let mut numbers = Vec::new();
    loop {
        let last = numbers.last().copied().unwrap_or(0);
        let page = inbox.after("ann", last, 4).await.expect("a page");
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 4);
        numbers.extend(page.iter().map(|message| message.number));
    }

    assert_eq!(numbers, (1..=9).collect::<Vec<_>>());
}

pub async fn what_was_never_acknowledged_is_zero(inbox: Store) {
    add(&inbox, "ann", "a").await;

    assert_eq!(acknowledged(&inbox, "ann").await, 0);
    assert_eq!(acknowledged(&inbox, "nobody").await, 0);
}

pub async fn an_acknowledgement_never_goes_back(inbox: Store) {
    for _ in 0..5 {
        add(&inbox, "ann", "a").await;
    }

    for up_to in [2, 4, 3, 4, 1] {
        inbox.acknowledge("ann", up_to).await.expect("it is noted");
    }

    assert_eq!(acknowledged(&inbox, "ann").await, 4);
}

pub async fn an_acknowledgement_is_of_one_user(inbox: Store) {
    add(&inbox, "ann", "a").await;
    add(&inbox, "bob", "b").await;

    inbox.acknowledge("ann", 1).await.expect("it is noted");

    assert_eq!(acknowledged(&inbox, "bob").await, 0);
    assert_eq!(after(&inbox, "bob", 0).await.len(), 1);
}

pub async fn acknowledged_messages_stay_for_a_moment(inbox: Store) {
    add(&inbox, "ann", "a").await;
    inbox.acknowledge("ann", 1).await.expect("it is noted");

    inbox.clean().await.expect("it is cleaned");

    assert_eq!(after(&inbox, "ann", 0).await.len(), 1);
}

pub async fn numbers_go_on_after_everything_was_acknowledged(inbox: Store) {
    add(&inbox, "ann", "a").await;
    inbox.acknowledge("ann", 1).await.expect("it is noted");

    assert_eq!(add(&inbox, "ann", "b").await, 2);
}

pub async fn the_newest_number_of_each_user_is_known(inbox: Store) {
    add(&inbox, "ann", "a").await;
    add(&inbox, "ann", "b").await;
    add(&inbox, "bob", "c").await;
    inbox.acknowledge("ann", 2).await.expect("it is noted");

    let users = ["ann", "nobody", "bob"].map(str::to_owned);
    let mut newest = inbox.newest(&users).await.expect("numbers");
    newest.retain(|(_, number)| *number > 0);
    newest.sort();

    assert_eq!(newest, [("ann".to_owned(), 2), ("bob".to_owned(), 1)]);
}

pub async fn the_oldest_go_when_a_user_has_too_many(inbox: Store) {
    for _ in 0..PER_USER + 5 {
        add(&inbox, "ann", "a").await;
    }

    let left = after(&inbox, "ann", 0).await;

    assert_eq!(left.len(), PER_USER as usize);
    assert_eq!(left[0].number, 6);
}

pub async fn numbers_given_at_the_same_time_have_no_gaps(inbox: Store) {
    let adding = (0..PER_USER).map(|_| add(&inbox, "ann", "a"));

    let mut numbers = join_all(adding).await;

    numbers.sort_unstable();
    assert_eq!(numbers, (1..=u64::from(PER_USER)).collect::<Vec<_>>());
}

pub async fn cleaning_keeps_what_waits(inbox: Store) {
    add(&inbox, "ann", "a").await;

    inbox.clean().await.expect("it is cleaned");

    assert_eq!(after(&inbox, "ann", 0).await.len(), 1);
}

async fn add(inbox: &Store, user: &str, text: &str) -> u64 {
    let message = DurableMessage::new("Told", (text,)).expect("it can be written");
    inbox.add(user, &message).await.expect("it is stored")
}

async fn after(inbox: &Store, user: &str, number: u64) -> Vec<NumberedMessage> {
    inbox.after(user, number, 100).await.expect("messages")
}

async fn acknowledged(inbox: &Store, user: &str) -> u64 {
    inbox.acknowledged(user).await.expect("a number")
}
