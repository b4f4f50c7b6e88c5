//! Calls that nobody waits for any more, as when a browser goes away.

use job_engine::JobId;
use job_engine::storage::Monitor;
use job_engine_postgres::PostgresStorage;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Row};
use tokio::task::yield_now;

use crate::database::Database;

#[tokio::test]
async fn a_question_that_is_cancelled_leaves_no_transaction_open() {
    let database = Database::create().await;
    let one = PgPoolOptions::new().max_connections(1);
    let pool = one.connect(&database.url()).await.unwrap();
    let storage = PostgresStorage::new(pool.clone()).await.unwrap();

    for turns in 0..300 {
        tokio::select! {
            biased;
            _ = storage.job(JobId(uuid::Uuid::nil())) => {}
            () = later(turns) => {}
        }

        assert!(begins_by_itself(&pool).await, "cancelled after {turns}");
    }
}

async fn later(turns: u32) {
    for _ in 0..turns {
        yield_now().await;
    }
}

/// Whether a statement on the pool's connection is the first one of its transaction.
async fn begins_by_itself(pool: &PgPool) -> bool {
    let statement = sqlx::raw_sql("select now() = statement_timestamp()");
    let row = statement.fetch_one(pool).await.unwrap();
    row.get(0)
}
