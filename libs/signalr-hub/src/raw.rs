//! Connections without a hub: bytes both ways, over all transports.

use std::{error::Error, future::Future, sync::Arc};

use axum::Router;
use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};

use crate::{
    connection::Connection,
    endpoint::{Application, Endpoint},
    inbox::Input,
    options::ConnectionOptions,
    outbox::Outgoing,
    transports,
};

/// Offers connections at a path that carry whatever `serve` makes of them; a connection ends when
/// `serve` does.
///
/// If it ends with an error, or panics, so does the connection: a WebSocket is closed with 1011, an
/// event stream breaks off, a poll is answered with 500.
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn raw_router<S, F>(path: &str, options: ConnectionOptions, serve: S) -> Router
where
    S: Fn(RawConnection) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), RawError>> + Send + 'static,
{
    let served = Served(Box::new(move |connection| serve(connection).boxed()));
    transports::router(path, Endpoint::start(Arc::new(served), options))
}

/// Why serving a raw connection failed. It is logged; the client learns only that it happened.
pub type RawError = Box<dyn Error + Send + Sync>;

/// A connection that carries bytes.
pub struct RawConnection {
    connection: Arc<Connection>,
}

impl RawConnection {
    /// The connection's public name.
    pub fn id(&self) -> &str {
        &self.connection.id
    }

    /// Waits for what the client sends next. None: it is gone, or the server stops.
    pub async fn receive(&self) -> Option<Bytes> {
        loop {
            match self.connection.inbox.read().await {
                Input::Bytes(bytes) => return Some(bytes),
                Input::Restart | Input::Refreshed => {}
                Input::End(_) | Input::Stop(_) => return None,
            }
        }
    }

    /// Sends a message, after waiting for room in the outbox.
    pub async fn send(&self, bytes: Bytes) {
        let message = Outgoing::answer(bytes);
        self.connection.outbox.push_when_room(message).await;
    }
}

type Serving = BoxFuture<'static, Result<(), RawError>>;

struct Served(Box<dyn Fn(RawConnection) -> Serving + Send + Sync>);

impl Application for Served {
    fn serve(self: Arc<Self>, connection: Arc<Connection>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let served = self.0(RawConnection {
                connection: Arc::clone(&connection),
            });
            if let Err(error) = served.await {
                tracing::error!(connection = %connection.id, %error, "a raw connection failed");
                connection.fail();
            }
        })
    }

    fn tick(&self, _: &Connection) {}
}
