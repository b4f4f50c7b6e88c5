//! Messages that wait for their users, on any number of servers that share a PostgreSQL database:
//! `cargo run --example durable --features postgres -- 5003 postgres://user:password@127.0.0.1/chat`.
//!
//! Clients connect to `/hub`, with their name as token. `POST /tell/{user}/{text}` sends, and answers when
//! the message cannot be lost any more; `GET /connections/{user}` counts. Any server may be killed at any
//! time.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use axum::{
    Router,
    extract::{Path, State},
    routing::{get, post},
};
use http::StatusCode;
use signalr_hub::{
    Authenticate, Credentials, Hub, HubContext, HubOptions, HubServer, Methods, Refused, User,
    backplane::{PostgresBackplane, Retention},
    durable::{DurableMessage, InboxLimits, PostgresInbox},
};
use sqlx::PgPool;
use tokio::net::TcpListener;

struct Listeners;

impl Hub for Listeners {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods
    }
}

/// Believes everyone: only for trying things out.
struct TokenIsName;

#[async_trait]
impl Authenticate for TokenIsName {
    async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<User, Refused> {
        let token = credentials.token.ok_or(Refused::Unauthorized)?;
        Ok(User::with_id(token.reveal()))
    }
}

#[derive(Clone)]
struct Post {
    pool: PgPool,
    inbox: PostgresInbox,
    hub: HubContext,
}

impl Post {
    async fn tell(&self, user: &str, text: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
        let message = DurableMessage::new("Told", (text,))?.with_number();
        let mut transaction = self.pool.begin().await?;
        self.inbox.add_in(&mut transaction, user, &message).await?;
        transaction.commit().await?;

        if let Err(error) = self.hub.clients().deliver(user).await {
            tracing::warn!(%error, "the other servers will find it themselves");
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::ERROR)
        .init();
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: durable PORT DATABASE_URL";
    let (port, database) = (arguments.next(), arguments.next());
    let port: u16 = port.ok_or(usage)?.parse()?;

    let pool = PgPool::connect(&database.ok_or(usage)?).await?;
    let backplane = PostgresBackplane::join(pool.clone(), "durable", Retention::default()).await?;
    let inbox = PostgresInbox::open(pool.clone(), "durable", InboxLimits::default()).await?;
    let mut options = HubOptions {
        backplane: Some(Arc::new(backplane)),
        inbox: Some(Arc::new(inbox.clone())),
        ..HubOptions::default()
    };
    options.connections.authenticate = Arc::new(TokenIsName);
    let server = HubServer::start(Listeners, options);
    let post_office = Post {
        pool,
        inbox,
        hub: server.context(),
    };
    let app = Router::new()
        .route("/tell/{user}/{text}", post(tell))
        .route("/connections/{user}", get(connections))
        .with_state(post_office)
        .merge(server.router("/hub"));

    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn tell(
    State(post): State<Post>,
    Path((user, text)): Path<(String, String)>,
) -> (StatusCode, String) {
    match post.tell(&user, &text).await {
        Ok(()) => (StatusCode::OK, String::new()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}

async fn connections(
    State(post): State<Post>,
    Path(user): Path<String>,
) -> Result<String, StatusCode> {
    let count = post.hub.presence().of_user(&user).count().await;
    let count = count.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(count.to_string())
}
