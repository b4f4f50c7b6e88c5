use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::database_name::DatabaseName;
use crate::database::DatabaseError;

/// So many at once; each lives for a step of its job.
const MOST: usize = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections to the databases of a PostgreSQL server.
#[derive(Debug)]
pub struct Connections {
    /// How the catalogue is reached.
    catalog: PgConnectOptions,
    places: Arc<Semaphore>,
}

/// A connection and the right to have it.
pub struct Open {
    pub connection: PgConnection,
    _place: OwnedSemaphorePermit,
}

impl Connections {
    pub fn new(catalog: PgConnectOptions) -> Self {
        // So that no step waits for ever.
        let limits = [
            ("statement_timeout", "120s"),
            ("lock_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ];
        Self {
            catalog: catalog
                .options(limits)
                .application_name("diquis tenants")
                .disable_statement_logging(),
            places: Arc::new(Semaphore::new(MOST)),
        }
    }

    pub async fn to_catalog(&self) -> Result<Open, DatabaseError> {
        self.connect(&self.catalog).await
    }

    pub async fn to(&self, name: &DatabaseName) -> Result<Open, DatabaseError> {
        let options = self.catalog.clone().database(name.as_str());
        self.connect(&options).await
    }

    async fn connect(&self, options: &PgConnectOptions) -> Result<Open, DatabaseError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let connection = timeout(CONNECT_TIMEOUT, options.connect())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)
            .flatten()?;
        Ok(Open {
            _place: place.expect("nobody closes the semaphore"),
            connection,
        })
    }
}

/// Only for statements about databases, whose names are of a type that nobody can type in.
pub async fn run(connection: &mut PgConnection, statement: String) -> Result<(), DatabaseError> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await?;
    Ok(())
}
