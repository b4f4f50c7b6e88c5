//! A job and what it is about are stored together, or not at all.
//! Run with `cargo run -p job-engine-sqlite --example in_a_transaction`.

use std::error::Error;
use std::sync::Arc;

use job_engine::{Attempt, Job, JobError, NewJob, Registry, Server, Storage};
use job_engine_sqlite::SqliteStorage;
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::Notify;

/// Its argument is the id of the customer, not a copy.
#[derive(Serialize, Deserialize)]
struct Welcome {
    customer: i64,
}

impl Job for Welcome {
    const NAME: &'static str = "welcome";
    type Context = Shop;

    async fn run(&self, shop: &Shop, _attempt: &Attempt) -> Result<(), JobError> {
        let name: String = sqlx::query_scalar("select name from customers where id = $1")
            .bind(self.customer)
            .fetch_one(&shop.database)
            .await?;
        println!("Welcome, {name}!");
        shop.has_welcomed.notify_one();
        Ok(())
    }
}

struct Shop {
    database: SqlitePool,
    has_welcomed: Notify,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("in-a-transaction-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("shop.db");
    let storage = Arc::new(SqliteStorage::open(&file).await?);
    storage.migrate().await?;
    let database = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&file)).await?;
    sqlx::query("create table customers (id integer primary key, name text not null)")
        .execute(&database)
        .await?;

    let shop = Arc::new(Shop {
        database: database.clone(),
        has_welcomed: Notify::new(),
    });
    let registry = Registry::default().with::<Welcome>();
    let server = Server::new(storage.clone(), registry, shop.clone());
    let server = server.start().await?;

    // Nobody is welcomed who changes his mind.
    let mut transaction = database.begin_with("begin immediate").await?;
    register(&mut transaction, "Bob").await?;
    transaction.rollback().await?;

    let mut transaction = database.begin_with("begin immediate").await?;
    register(&mut transaction, "Ada").await?;
    transaction.commit().await?;
    storage.announce_enqueued();

    shop.has_welcomed.notified().await;
    server.stop().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

async fn register(
    transaction: &mut sqlx::SqliteConnection,
    name: &str,
) -> Result<(), Box<dyn Error>> {
    let customer = sqlx::query_scalar("insert into customers (name) values ($1) returning id")
        .bind(name)
        .fetch_one(&mut *transaction)
        .await?;
    let welcome = NewJob::of(&Welcome { customer })?;
    job_engine_sqlite::enqueue(transaction, &[welcome]).await?;
    Ok(())
}
