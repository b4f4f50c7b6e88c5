//! One way to talk to PostgreSQL and to SQLite, so that each statement is written once.
//!
//! The statements keep to what both understand: `$1`, `ON CONFLICT`, `RETURNING`, `CASE`. Types are
//! told apart here: a UUID and a time are types of their own in PostgreSQL and text in SQLite.

mod error;
mod migrations;
mod row;
mod statement;
mod value;

pub use error::DatabaseError;
pub use migrations::{Migration, Schema};
pub use row::Row;
pub use statement::sql;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};
use tokio::sync::OwnedSemaphorePermit;

/// A connection to either database, borrowed for a statement.
#[derive(Debug)]
pub enum Link<'a> {
    Postgres(&'a mut PgConnection),
    Sqlite(&'a mut SqliteConnection),
}

impl Link<'_> {
    pub fn reborrow(&mut self) -> Link<'_> {
        match self {
            Self::Postgres(connection) => Link::Postgres(connection),
            Self::Sqlite(connection) => Link::Sqlite(connection),
        }
    }
}

impl<'a> From<&'a mut PgConnection> for Link<'a> {
    fn from(connection: &'a mut PgConnection) -> Self {
        Self::Postgres(connection)
    }
}

impl<'a> From<&'a mut SqliteConnection> for Link<'a> {
    fn from(connection: &'a mut SqliteConnection) -> Self {
        Self::Sqlite(connection)
    }
}

/// A connection that is held for a while, inside a transaction or not.
#[derive(Debug)]
pub enum Held {
    PostgresConnection(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'static, Postgres>),
    SqliteConnection(PoolConnection<Sqlite>),
    /// With the turn of its writer.
    SqliteTransaction(Transaction<'static, Sqlite>, OwnedSemaphorePermit),
}

impl Held {
    pub fn link(&mut self) -> Link<'_> {
        match self {
            Self::PostgresConnection(connection) => Link::Postgres(connection),
            Self::PostgresTransaction(transaction) => Link::Postgres(transaction),
            Self::SqliteConnection(connection) => Link::Sqlite(connection),
            Self::SqliteTransaction(transaction, _) => Link::Sqlite(transaction),
        }
    }

    pub async fn commit(self) -> Result<(), DatabaseError> {
        match self {
            Self::PostgresTransaction(transaction) => transaction.commit().await?,
            Self::SqliteTransaction(transaction, _turn) => transaction.commit().await?,
            Self::PostgresConnection(_) | Self::SqliteConnection(_) => {}
        }
        Ok(())
    }
}
