use std::error::Error;
use std::str::FromStr;

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::error::DatabaseError;

/// A row of a result.
#[derive(Debug)]
pub enum Row {
    Postgres(PgRow),
    Sqlite(SqliteRow),
}

impl Row {
    pub fn uuid(&self, column: &str) -> Result<Uuid, DatabaseError> {
        match self {
            Self::Postgres(row) => Ok(row.try_get(column)?),
            Self::Sqlite(row) => parse(column, row.try_get(column)?),
        }
    }

    pub fn uuid_if_any(&self, column: &str) -> Result<Option<Uuid>, DatabaseError> {
        match self {
            Self::Postgres(row) => Ok(row.try_get(column)?),
            Self::Sqlite(row) => parse_if_any(column, row.try_get(column)?),
        }
    }

    pub fn text(&self, column: &str) -> Result<String, DatabaseError> {
        match self {
            Self::Postgres(row) => Ok(row.try_get(column)?),
            Self::Sqlite(row) => Ok(row.try_get(column)?),
        }
    }

    pub fn text_if_any(&self, column: &str) -> Result<Option<String>, DatabaseError> {
        match self {
            Self::Postgres(row) => Ok(row.try_get(column)?),
            Self::Sqlite(row) => Ok(row.try_get(column)?),
        }
    }

    /// A text that is one of the domain's values.
    pub fn parsed<T: FromStr>(&self, column: &str) -> Result<T, DatabaseError>
    where
        T::Err: Error + Send + Sync + 'static,
    {
        parse(column, &self.text(column)?)
    }

    pub fn parsed_if_any<T: FromStr>(&self, column: &str) -> Result<Option<T>, DatabaseError>
    where
        T::Err: Error + Send + Sync + 'static,
    {
        parse_if_any(column, self.text_if_any(column)?.as_deref())
    }

    pub fn integer(&self, column: &str) -> Result<i64, DatabaseError> {
        match self {
            Self::Postgres(row) => Ok(row.try_get(column)?),
            Self::Sqlite(row) => Ok(row.try_get(column)?),
        }
    }

    /// A number that is never negative.
    pub fn count<T: TryFrom<i64>>(&self, column: &str) -> Result<T, DatabaseError>
    where
        T::Error: Error + Send + Sync + 'static,
    {
        T::try_from(self.integer(column)?).map_err(|error| DatabaseError::unreadable(column, error))
    }

    pub fn flag(&self, column: &str) -> Result<bool, DatabaseError> {
        match self {
            Self::Postgres(row) => Ok(row.try_get(column)?),
            Self::Sqlite(row) => Ok(row.try_get(column)?),
        }
    }

    pub fn time(&self, column: &str) -> Result<Timestamp, DatabaseError> {
        match self {
            Self::Postgres(row) => Ok(row.try_get::<jiff_sqlx::Timestamp, _>(column)?.to_jiff()),
            Self::Sqlite(row) => parse(column, row.try_get(column)?),
        }
    }

    pub fn time_if_any(&self, column: &str) -> Result<Option<Timestamp>, DatabaseError> {
        match self {
            Self::Postgres(row) => {
                let time: Option<jiff_sqlx::Timestamp> = row.try_get(column)?;
                Ok(time.map(jiff_sqlx::Timestamp::to_jiff))
            }
            Self::Sqlite(row) => parse_if_any(column, row.try_get(column)?),
        }
    }
}

fn parse<T: FromStr>(column: &str, text: &str) -> Result<T, DatabaseError>
where
    T::Err: Error + Send + Sync + 'static,
{
    text.parse()
        .map_err(|error| DatabaseError::unreadable(column, error))
}

fn parse_if_any<T: FromStr>(column: &str, text: Option<&str>) -> Result<Option<T>, DatabaseError>
where
    T::Err: Error + Send + Sync + 'static,
{
    text.map(|text| parse(column, text)).transpose()
}
