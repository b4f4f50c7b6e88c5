//! The suite that every backplane passes: what [`Backplane`] says, as tests.
//!
//! [`backplane_conformance!`](crate::backplane_conformance) makes a test of each behaviour.

#![expect(missing_docs, reason = "the names of the behaviours are sentences")]

use std::{collections::BTreeSet, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{
    StreamExt,
    future::{join, join_all},
    stream::BoxStream,
};
use tokio::time::timeout;

use super::Backplane;

const SOON: Duration = Duration::from_secs(20);

/// Two servers of one hub.
pub type Pair = (Arc<dyn Backplane>, Arc<dyn Backplane>);

/// Makes one `#[tokio::test]` per behaviour of a backplane.
///
/// The expression is evaluated once per test, in an async function, and gives a
/// [`Pair`](crate::backplane::conformance::Pair) of a hub that is new, and what has to live as long as
/// the test: `backplane_conformance!(pair_in_new_database().await)`.
#[macro_export]
macro_rules! backplane_conformance {
    ($pair:expr) => {
        $crate::backplane_conformance! { @tests $pair,
            every_server_gets_every_envelope_of_the_others_once_and_in_order,
            envelopes_published_at_the_same_time_all_arrive,
            an_envelope_of_a_megabyte_arrives_whole,
            an_envelope_may_hold_any_bytes,
            an_envelope_may_be_empty,
            what_was_published_before_is_not_heard,
            a_server_may_listen_more_than_once,
            a_listener_that_went_away_holds_nobody_up,
        }
    };
    (@tests $pair:expr, $($behaviour:ident,)*) => {
        $(
            #[tokio::test]
            async fn $behaviour() {
                let (pair, _alive) = $pair;
                $crate::backplane::conformance::$behaviour(pair).await;
            }
        )*
    };
}

pub async fn every_server_gets_every_envelope_of_the_others_once_and_in_order(pair: Pair) {
    let (here, there) = &pair;
    let mut near = Heard::by(here, "there").await;
    let mut far = Heard::by(there, "here").await;

    join(
        publish_numbers(here, "here", 0..100),
        publish_numbers(there, "there", 0..100),
    )
    .await;

    for number in 0..100 {
        assert_eq!(near.next().await, number.to_string());
        assert_eq!(far.next().await, number.to_string());
    }
    publish(here, "here end").await;
    publish(there, "there end").await;
    assert_eq!(near.next().await, "end");
    assert_eq!(far.next().await, "end");
}

pub async fn envelopes_published_at_the_same_time_all_arrive(pair: Pair) {
    let (here, there) = &pair;
    let mut far = Heard::by(there, "here").await;

    let publishing = (0..1_000).map(|number| publish_owned(here, format!("here {number}")));
    join_all(publishing).await;

    let mut arrived = BTreeSet::new();
    while arrived.len() < 1_000 {
        assert!(arrived.insert(far.next().await), "one came twice");
    }
}

pub async fn an_envelope_of_a_megabyte_arrives_whole(pair: Pair) {
    let (here, there) = &pair;
    let mut far = Heard::by(there, "here").await;
    let large = "x".repeat(1024 * 1024);

    publish_owned(here, format!("here {large}")).await;

    assert!(far.next().await == large, "it came changed");
}

pub async fn an_envelope_may_hold_any_bytes(pair: Pair) {
    let (here, there) = &pair;
    let mut heard = there.subscribe().await.expect("it listens");
    let every: Bytes = (u8::MIN..=u8::MAX).collect();

    here.publish(every.clone()).await.expect("it is published");

    assert_eq!(next(&mut heard).await, every);
}

pub async fn an_envelope_may_be_empty(pair: Pair) {
    let (here, there) = &pair;
    let mut heard = there.subscribe().await.expect("it listens");

    here.publish(Bytes::new()).await.expect("it is published");

    assert_eq!(next(&mut heard).await, Bytes::new());
}

pub async fn what_was_published_before_is_not_heard(pair: Pair) {
    let (here, there) = &pair;
    publish(here, "here before").await;
    let mut far = Heard::by(there, "here").await;

    publish(here, "here after").await;

    assert_eq!(far.next().await, "after");
}

pub async fn a_server_may_listen_more_than_once(pair: Pair) {
    let (here, there) = &pair;
    let mut one = Heard::by(there, "here").await;
    let mut other = Heard::by(there, "here").await;

    publish_numbers(here, "here", 0..10).await;

    for number in 0..10 {
        assert_eq!(one.next().await, number.to_string());
        assert_eq!(other.next().await, number.to_string());
    }
}

pub async fn a_listener_that_went_away_holds_nobody_up(pair: Pair) {
    let (here, there) = &pair;
    drop(there.subscribe().await.expect("it listens"));
    let mut far = Heard::by(there, "here").await;

    let publishing = async {
        for batch in 0..20 {
            let numbers = (0..100).map(|number| format!("here {}", batch * 100 + number));
            join_all(numbers.map(|envelope| publish_owned(here, envelope))).await;
        }
    };
    let listening = async {
        for _ in 0..2_000 {
            far.next().await;
        }
    };

    let both = timeout(SOON, join(publishing, listening)).await;
    both.expect("everyone goes on");
}

/// The envelopes of one server that another one hears: a server may hear its own, too.
struct Heard {
    envelopes: BoxStream<'static, Bytes>,
    from: &'static str,
}

impl Heard {
    async fn by(listener: &Arc<dyn Backplane>, from: &'static str) -> Self {
        Self {
            envelopes: listener.subscribe().await.expect("it listens"),
            from,
        }
    }

    async fn next(&mut self) -> String {
        loop {
            let envelope = next(&mut self.envelopes).await;
            let text = std::str::from_utf8(&envelope).expect("the suite sends text");
            let (from, rest) = text.split_once(' ').expect("who and what");
            if from == self.from {
                return rest.to_owned();
            }
        }
    }
}

async fn next(envelopes: &mut BoxStream<'static, Bytes>) -> Bytes {
    let envelope = timeout(SOON, envelopes.next()).await;
    envelope
        .expect("an envelope comes soon")
        .expect("the stream goes on")
}

async fn publish_numbers(backplane: &Arc<dyn Backplane>, from: &str, numbers: Range<u32>) {
    for number in numbers {
        publish(backplane, &format!("{from} {number}")).await;
    }
}

async fn publish(backplane: &Arc<dyn Backplane>, envelope: &str) {
    publish_owned(backplane, envelope.to_owned()).await;
}

async fn publish_owned(backplane: &Arc<dyn Backplane>, envelope: String) {
    let published = backplane.publish(envelope.into()).await;
    published.expect("it is published");
}
