//! The hub under load: one argument, the port.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use axum::serve::ListenerExt;
use serde_json::value::RawValue;
use signalr_hub::{
    Authenticate, Caller, ConnectionOptions, Credentials, Hub, HubError, HubOptions, Methods,
    Refused, User, hub_router,
};
use tokio::net::TcpListener;

struct Bench;

impl Hub for Bench {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods
            .on("Broadcast", Self::broadcast)
            .on("SendToUser", Self::send_to_user)
    }
}

impl Bench {
    async fn broadcast(
        self: Arc<Self>,
        caller: Caller,
        payload: Box<RawValue>,
    ) -> Result<(), HubError> {
        caller.clients().all().send("Message", (payload,)).await?;
        Ok(())
    }

    async fn send_to_user(
        self: Arc<Self>,
        caller: Caller,
        user: String,
        payload: Box<RawValue>,
    ) -> Result<(), HubError> {
        caller
            .clients()
            .user(&user)
            .send("Message", (payload,))
            .await?;
        Ok(())
    }
}

/// Believes the query parameter `uid`.
struct Believing;

#[async_trait]
impl Authenticate for Believing {
    async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<User, Refused> {
        let query = credentials.uri.query().unwrap_or("");
        let user = query.split('&').find_map(|pair| pair.strip_prefix("uid="));
        Ok(user.map_or_else(User::anonymous, User::with_id))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().next_back().unwrap_or_default();
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))
        .await?
        .tap_io(|stream| drop(stream.set_nodelay(true)));
    let options = HubOptions {
        connections: ConnectionOptions {
            authenticate: Arc::new(Believing),
            ..ConnectionOptions::default()
        },
        ..HubOptions::default()
    };

    println!("ready");
    axum::serve(listener, hub_router("/bench", Bench, options)).await?;
    Ok(())
}
