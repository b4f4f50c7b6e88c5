use application::ports::{CatalogError, SaveError, TenantDatabaseError};

/// A statement did not succeed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DatabaseError(#[from] pub sqlx::Error);

impl DatabaseError {
    /// The value of this column is none that the product ever stores.
    pub fn unreadable(column: &str, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(sqlx::Error::ColumnDecode {
            index: column.to_owned(),
            source: Box::new(error),
        })
    }

    /// The code by which the database tells its errors apart, for example `42P04`.
    pub fn code(&self) -> Option<String> {
        self.0
            .as_database_error()?
            .code()
            .map(std::borrow::Cow::into_owned)
    }

    /// What went wrong, for people: nothing of how the database is reached.
    fn plain_words(&self) -> String {
        match &self.0 {
            sqlx::Error::Database(error) => error.message().to_owned(),
            sqlx::Error::Io(error) => format!("the database cannot be reached ({})", error.kind()),
            sqlx::Error::PoolTimedOut => "the database has no connection left".to_owned(),
            sqlx::Error::ColumnDecode { index, .. } => format!("`{index}` cannot be read"),
            _ => "the database did not answer as expected".to_owned(),
        }
    }
}

impl From<DatabaseError> for CatalogError {
    fn from(error: DatabaseError) -> Self {
        match &error.0 {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Unreadable(error.to_string())
            }
            _ => Self::Unavailable(Box::new(error)),
        }
    }
}

impl From<DatabaseError> for SaveError {
    fn from(error: DatabaseError) -> Self {
        Self::Catalog(error.into())
    }
}

impl From<DatabaseError> for TenantDatabaseError {
    fn from(error: DatabaseError) -> Self {
        Self {
            message: error.plain_words(),
            source: Some(Box::new(error)),
        }
    }
}
