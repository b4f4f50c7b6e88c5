//! A chat with rooms: `cargo run --example chat`, then connect to `http://127.0.0.1:5001/chat`.

use std::{error::Error, sync::Arc};

use axum::serve::{Listener, ListenerExt};
use serde::Serialize;
use signalr_hub::{
    Caller, ConnectionOptions, Hub, HubError, HubOptions, Methods, StatefulReconnect, hub_router,
};
use tokio::net::TcpListener;

struct Chat;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    room: String,
    from: String,
    text: String,
}

impl Hub for Chat {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods
            .on("Join", Self::join)
            .on("Leave", Self::leave)
            .on("Say", Self::say)
    }

    async fn connected(&self, caller: &Caller) -> Result<(), HubError> {
        caller
            .others()
            .send("Arrived", (caller.connection_id(),))
            .await?;
        Ok(())
    }

    async fn disconnected(&self, caller: &Caller, _: Option<&HubError>) {
        let id = caller.connection_id();
        if let Err(error) = caller.others().send("Left", (id,)).await {
            tracing::warn!(%error, "nobody was told that {id} left");
        }
    }
}

impl Chat {
    async fn join(self: Arc<Self>, caller: Caller, room: String) -> Result<(), HubError> {
        caller.join_group(&room).await?;
        Ok(())
    }

    async fn leave(self: Arc<Self>, caller: Caller, room: String) -> Result<(), HubError> {
        caller.leave_group(&room).await?;
        Ok(())
    }

    async fn say(
        self: Arc<Self>,
        caller: Caller,
        room: String,
        text: String,
    ) -> Result<(), HubError> {
        if text.is_empty() {
            return Err(HubError::new("say something"));
        }
        let said = Said {
            from: caller.connection_id().to_owned(),
            room,
            text,
        };
        caller
            .clients()
            .group(&said.room)
            .send("Said", (&said,))
            .await?;
        Ok(())
    }
}

/// Clients may come back after losing their socket, and miss nothing.
fn options() -> HubOptions {
    HubOptions {
        connections: ConnectionOptions {
            stateful_reconnect: Some(StatefulReconnect::default()),
            ..ConnectionOptions::default()
        },
        ..HubOptions::default()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let port = std::env::args().nth(1).unwrap_or_else(|| "5001".to_owned());
    // Small messages should not wait for more to fill a packet.
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))
        .await?
        .tap_io(|stream| drop(stream.set_nodelay(true)));

    println!("http://{}/chat", listener.local_addr()?);
    axum::serve(listener, hub_router("/chat", Chat, options())).await?;
    Ok(())
}
