//! The engine on PostgreSQL as one of the engines of a benchmark; see `README.md` beside this file.

mod crash;
mod latencies;
mod workloads;

use std::error::Error;
use std::sync::Arc;

use job_engine_postgres::PostgresStorage;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = workloads::setting("DATABASE_URL").ok_or("DATABASE_URL names the database")?;
    let storage = Arc::new(PostgresStorage::connect(&url).await?);
    if workloads::is_set_up() {
        return Ok(storage.migrate().await?);
    }
    workloads::run(storage).await
}
