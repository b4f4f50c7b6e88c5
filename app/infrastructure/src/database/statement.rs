use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Postgres, Sqlite};

use super::Link;
use super::error::DatabaseError;
use super::row::Row;
use super::value::{Value, time_as_text};

/// A statement with its parameters, for either database.
#[derive(Debug)]
pub struct Statement {
    text: &'static str,
    values: Vec<Value>,
}

/// A statement that both databases understand; its parameters are `$1`, `$2`, ….
pub fn sql(text: &'static str) -> Statement {
    Statement {
        text,
        values: Vec::new(),
    }
}

impl Statement {
    /// The next parameter.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Answers how many rows it changed.
    pub async fn execute(self, link: impl Into<Link<'_>>) -> Result<u64, DatabaseError> {
        match link.into() {
            Link::Postgres(connection) => Ok(self
                .for_postgres()
                .execute(connection)
                .await?
                .rows_affected()),
            Link::Sqlite(connection) => {
                Ok(self.for_sqlite().execute(connection).await?.rows_affected())
            }
        }
    }

    pub async fn all(self, link: impl Into<Link<'_>>) -> Result<Vec<Row>, DatabaseError> {
        match link.into() {
            Link::Postgres(connection) => {
                let rows = self.for_postgres().fetch_all(connection).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
            Link::Sqlite(connection) => {
                let rows = self.for_sqlite().fetch_all(connection).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
        }
    }

    pub async fn first(self, link: impl Into<Link<'_>>) -> Result<Option<Row>, DatabaseError> {
        match link.into() {
            Link::Postgres(connection) => {
                let row = self.for_postgres().fetch_optional(connection).await?;
                Ok(row.map(Row::Postgres))
            }
            Link::Sqlite(connection) => {
                let row = self.for_sqlite().fetch_optional(connection).await?;
                Ok(row.map(Row::Sqlite))
            }
        }
    }

    /// The row of a statement that always has one.
    pub async fn only(self, link: impl Into<Link<'_>>) -> Result<Row, DatabaseError> {
        let row = self.first(link).await?;
        row.ok_or(DatabaseError(sqlx::Error::RowNotFound))
    }

    fn for_postgres(self) -> Query<'static, Postgres, PgArguments> {
        let mut query = sqlx::query(self.text);
        for value in self.values {
            query = match value {
                Value::Uuid(uuid) => query.bind(uuid),
                Value::Text(text) => query.bind(text),
                Value::Integer(integer) => query.bind(integer),
                Value::Time(time) => query.bind(time.map(ToSqlx::to_sqlx)),
                Value::Flag(flag) => query.bind(flag),
            };
        }
        query
    }

    fn for_sqlite(self) -> Query<'static, Sqlite, SqliteArguments> {
        let mut query = sqlx::query(self.text);
        for value in self.values {
            query = match value {
                Value::Uuid(uuid) => query.bind(uuid.map(|uuid| uuid.to_string())),
                Value::Text(text) => query.bind(text),
                Value::Integer(integer) => query.bind(integer),
                Value::Time(time) => query.bind(time.map(time_as_text)),
                Value::Flag(flag) => query.bind(flag),
            };
        }
        query
    }
}
