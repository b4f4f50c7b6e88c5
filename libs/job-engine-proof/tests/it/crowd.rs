//! An application that needs all connections of its pool for itself most of the time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::{SharedStorage, StorageError};
use job_engine_postgres::PostgresStorage;
use job_engine_sqlite::SqliteStorage;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Database, Pool};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::place::Place;

const CONNECTIONS: u32 = 2;

/// Who waits longer for a connection gets none.
const PATIENCE: Duration = Duration::from_millis(300);

const BUSY: Duration = Duration::from_millis(1500);
const IDLE: Duration = Duration::from_millis(300);

/// The storage over the application's pool, which is crowded until all is calm.
pub(crate) async fn storage(
    place: &Place,
    calm: &CancellationToken,
) -> Result<SharedStorage, StorageError> {
    Ok(match place {
        Place::Postgres { pool, .. } => {
            let options = PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .acquire_timeout(PATIENCE);
            let pool = options.connect_lazy_with(pool.connect_options().as_ref().clone());
            let storage = PostgresStorage::new(pool.clone()).await?;
            tokio::spawn(take_turns(pool, calm.clone()));
            Arc::new(storage)
        }
        Place::Sqlite { path, pool } => {
            let options = SqlitePoolOptions::new()
                .max_connections(CONNECTIONS)
                .acquire_timeout(PATIENCE);
            let pool = options.connect_lazy_with(pool.connect_options().as_ref().clone());
            let locks = PathBuf::from(format!("{path}.locks"));
            let storage = SqliteStorage::new(pool.clone(), locks).await?;
            tokio::spawn(take_turns(pool, calm.clone()));
            Arc::new(storage)
        }
    })
}

async fn take_turns<D: Database>(pool: Pool<D>, calm: CancellationToken) {
    while !calm.is_cancelled() {
        sleep(IDLE).await;
        let mut held = Vec::new();
        while let Ok(connection) = pool.acquire().await {
            held.push(connection);
        }
        let _ = timeout(BUSY, calm.cancelled()).await;
    }
}
