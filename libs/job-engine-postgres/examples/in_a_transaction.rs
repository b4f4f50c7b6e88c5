//! A job and what it is about are stored together, or not at all: from Rust and from plain SQL.
//! Run with `cargo run -p job-engine-postgres --example in_a_transaction -- postgres://localhost/shop`.

use std::error::Error;
use std::sync::Arc;

use job_engine::{Attempt, Job, JobError, NewJob, Registry, Server, Storage};
use job_engine_postgres::PostgresStorage;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::mpsc;

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
        shop.welcomed.send(()).await?;
        Ok(())
    }
}

struct Shop {
    database: PgPool,
    welcomed: mpsc::Sender<()>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("say which database")?;
    let storage = Arc::new(PostgresStorage::connect(&url).await?);
    storage.migrate().await?;
    let database = PgPool::connect(&url).await?;
    sqlx::raw_sql(
        "create table if not exists customers
           (id bigint primary key generated always as identity, name text not null)",
    )
    .execute(&database)
    .await?;

    let (welcomed, mut has_welcomed) = mpsc::channel(2);
    let shop = Arc::new(Shop {
        database: database.clone(),
        welcomed,
    });
    let registry = Registry::default().with::<Welcome>();
    let server = Server::new(storage.clone(), registry, shop);
    let server = server.start().await?;

    // Nobody is welcomed who changes his mind.
    let mut transaction = database.begin().await?;
    register(&mut transaction, "Bob").await?;
    transaction.rollback().await?;

    let mut transaction = database.begin().await?;
    register(&mut transaction, "Ada").await?;
    transaction.commit().await?;
    storage.announce_enqueued();

    // As a trigger or a program in another language would.
    sqlx::raw_sql(
        "with customer as (insert into customers (name) values ('Grace') returning id)
         select job_engine.enqueue('welcome', json_build_object('customer', id)) from customer",
    )
    .execute(&database)
    .await?;

    for _ in 0..2 {
        has_welcomed.recv().await;
    }
    server.stop().await;
    Ok(())
}

async fn register(transaction: &mut sqlx::PgConnection, name: &str) -> Result<(), Box<dyn Error>> {
    let customer = sqlx::query_scalar("insert into customers (name) values ($1) returning id")
        .bind(name)
        .fetch_one(&mut *transaction)
        .await?;
    let welcome = NewJob::of(&Welcome { customer })?;
    job_engine_postgres::enqueue(transaction, &[welcome]).await?;
    Ok(())
}
