//! Beginning transactions.

use sqlx::{PgPool, Postgres, Transaction};

/// As [`PgPool::begin`], which must not be cancelled.
pub(crate) async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    begin_with(pool, "begin").await
}

/// The driver forgets a transaction whose begin is cancelled: its connection would go back to the pool
/// with it open, and what is written there next would be committed by nobody. A task of its own is not
/// cancelled, and a transaction that nobody takes is rolled back.
pub(crate) async fn begin_with(
    pool: &PgPool,
    statement: &'static str,
) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(statement).await }).await;
    begun.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
