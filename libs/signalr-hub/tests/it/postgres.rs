//! Servers joined by PostgreSQL: `scripts/with-postgres cargo test -p signalr-hub --features postgres`.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use signalr_hub::{
    backplane::{Backplane, PostgresBackplane, Retention, conformance::Pair},
    backplane_conformance,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio::time::timeout;

use crate::several_servers::several_servers;

const SOON: Duration = Duration::from_secs(20);

/// A database of its own, and the pools of two processes that use it.
pub struct Database {
    pub here: PgPool,
    pub there: PgPool,
}

impl Database {
    pub async fn create() -> Self {
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

backplane_conformance!(pair().await);
several_servers!(pair().await);

async fn pair() -> (Pair, Database) {
    let database = Database::create().await;
    let (here, there) = database.backplanes().await;
    ((Arc::new(here), Arc::new(there)), database)
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

async fn next(heard: &mut (impl futures_util::Stream<Item = Bytes> + Unpin)) -> Bytes {
    timeout(SOON, heard.next())
        .await
        .expect("an envelope comes soon")
        .expect("the stream goes on")
}
