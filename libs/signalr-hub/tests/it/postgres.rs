//! Servers joined by PostgreSQL: `scripts/with-postgres cargo test -p signalr-hub --features postgres`.

use std::{collections::BTreeSet, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, future::join_all};
use serde_json::json;
use signalr_hub::backplane::{Backplane, PostgresBackplane, Retention};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio::time::timeout;

use crate::test_hub::{TestHub, with_users};

const SOON: Duration = Duration::from_secs(20);

/// A database of its own, and the pools of two processes that use it.
struct Database {
    here: PgPool,
    there: PgPool,
}

impl Database {
    async fn create() -> Self {
        let url = test_url();
        let name = format!("hub_{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&url).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut admin)
            .await
            .unwrap();
        let (server, _) = url.rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        Self {
            here: PgPool::connect(&url).await.unwrap(),
            there: PgPool::connect(&url).await.unwrap(),
        }
    }

    async fn backplanes(&self) -> (PostgresBackplane, PostgresBackplane) {
        (join(&self.here).await, join(&self.there).await)
    }

    /// Ends every connection to the database but the one that asks.
    async fn cut_connections(&self) {
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&self.here)
        .await
        .unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "the test's only setting")]
fn test_url() -> String {
    std::env::var("DIQUIS_TEST_POSTGRES_URL").expect(
        "needs PostgreSQL: scripts/with-postgres cargo test -p signalr-hub --features postgres",
    )
}

async fn join(pool: &PgPool) -> PostgresBackplane {
    let retention = Retention::default();
    PostgresBackplane::join(pool.clone(), "test", retention)
        .await
        .unwrap()
}

#[tokio::test]
async fn clients_of_all_servers_are_reached() {
    let database = Database::create().await;
    let (one, other) = database.backplanes().await;
    let start = |backplane: PostgresBackplane| {
        let mut options = with_users();
        options.backplane = Some(Arc::new(backplane));
        TestHub::start(options)
    };
    let (here, there) = (start(one), start(other));
    let mut ann = there.connect_as("ann").await;

    let large = "x".repeat(100_000);
    let clients = here.context.clients();
    clients.user("ann").send("Told", ("small",)).await.unwrap();
    clients.user("ann").send("Told", (&large,)).await.unwrap();

    assert_eq!(timeout(SOON, ann.told()).await.unwrap().1, json!(["small"]));
    assert_eq!(timeout(SOON, ann.told()).await.unwrap().1, json!([large]));
}

#[tokio::test]
async fn every_server_gets_every_envelope_of_the_others_once_and_in_order() {
    let database = Database::create().await;
    let (here, there) = database.backplanes().await;
    let mut near = here.subscribe().await.unwrap();
    let mut far = there.subscribe().await.unwrap();

    tokio::join!(
        publish_numbers(&here, 0..100),
        publish_numbers(&there, 0..100)
    );

    for number in 0..100 {
        assert_eq!(next(&mut near).await, number_envelope(number));
        assert_eq!(next(&mut far).await, number_envelope(number));
    }
}

#[tokio::test]
async fn envelopes_published_at_the_same_time_all_arrive() {
    let database = Database::create().await;
    let (here, there) = database.backplanes().await;
    let mut heard = there.subscribe().await.unwrap();

    let publishing = (0..1_000).map(|number| here.publish(number_envelope(number)));
    let results = join_all(publishing).await;

    assert!(results.iter().all(Result::is_ok));
    let mut arrived = BTreeSet::new();
    while arrived.len() < 1_000 {
        assert!(arrived.insert(next(&mut heard).await));
    }
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_connections_to_the_database_break() {
    let database = Database::create().await;
    let (here, there) = database.backplanes().await;
    let mut heard = there.subscribe().await.unwrap();

    let mut acknowledged = Vec::new();
    for number in 0..60 {
        if number % 20 == 10 {
            database.cut_connections().await;
        }
        let envelope = number_envelope(number);
        if here.publish(envelope.clone()).await.is_ok() {
            acknowledged.push(envelope);
        }
    }

    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
    for envelope in acknowledged {
        assert_eq!(next(&mut heard).await, envelope);
    }
}

#[tokio::test]
async fn hubs_that_share_a_database_do_not_hear_each_other() {
    let database = Database::create().await;
    let (here, there) = database.backplanes().await;
    let retention = Retention::default();
    let other_hub = PostgresBackplane::join(database.here.clone(), "other", retention)
        .await
        .unwrap();
    let mut heard = there.subscribe().await.unwrap();

    other_hub
        .publish(Bytes::from_static(b"other"))
        .await
        .unwrap();
    here.publish(Bytes::from_static(b"ours")).await.unwrap();

    assert_eq!(next(&mut heard).await, "ours");
}

#[tokio::test]
async fn old_envelopes_are_removed() {
    let database = Database::create().await;
    let retention = Retention(Duration::from_secs(1));
    let backplane = PostgresBackplane::join(database.here.clone(), "test", retention)
        .await
        .unwrap();

    backplane.publish(Bytes::from_static(b"old")).await.unwrap();

    let empty = async {
        loop {
            let count: i64 = sqlx::query_scalar("SELECT count(*) FROM signalr_hub_envelopes")
                .fetch_one(&database.here)
                .await
                .unwrap();
            if count == 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, empty).await.unwrap();
}

#[tokio::test]
async fn a_name_that_is_no_plain_word_is_refused() {
    let database = Database::create().await;

    for name in ["", "Upper", "a-b", "a\"b", &"x".repeat(41)] {
        let refused =
            PostgresBackplane::join(database.here.clone(), name, Retention::default()).await;
        assert!(refused.is_err(), "{name}");
    }
}

fn number_envelope(number: u32) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

async fn publish_numbers(backplane: &PostgresBackplane, numbers: Range<u32>) {
    for number in numbers {
        backplane.publish(number_envelope(number)).await.unwrap();
    }
}

async fn next(heard: &mut (impl futures_util::Stream<Item = Bytes> + Unpin)) -> Bytes {
    timeout(SOON, heard.next())
        .await
        .expect("an envelope comes soon")
        .expect("the stream goes on")
}
