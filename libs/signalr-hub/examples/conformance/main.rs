//! The server that the functional tests of Microsoft's TypeScript client expect.
//!
//! `cargo run --example conformance -- PORT [HTTPS_PORT]`

mod authorization;
mod complex_object;
mod https;
mod outside;
mod redirecting;
mod test_hub;

use std::{collections::BTreeMap, error::Error, fmt::Debug, io, sync::Arc};

use axum::{
    Json, Router, ServiceExt,
    extract::{Path, Query, Request, State},
    middleware::from_fn,
    routing::get,
    serve::{Listener, ListenerExt},
};
use serde_json::json;
use signalr_hub::{
    AllowedOrigins, AuthenticationRefresh, ConnectionOptions, FrontDoor, HubContext, HubOptions,
    HubServer, RawConnection, RawError, Transports, hub_router, raw_router,
};
use tokio::net::TcpListener;
use tower::{Layer, util::MapRequestLayer};

use crate::{
    authorization::{HubWithAuthorization, TestTokens},
    https::HttpsListener,
    test_hub::{TestHub, UncreatableHub},
};

const PATHS: [&str; 6] = [
    "/testhub",
    "/testhub-nowebsockets",
    "/uncreatable",
    "/authorizedhub",
    "/echo",
    "/redirect",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let mut ports = std::env::args().skip(1);
    let port = ports.next().unwrap_or_else(|| "0".to_owned());

    let app = app();
    if let Some(port) = ports.next() {
        let listener = HttpsListener::bind(&format!("127.0.0.1:{port}")).await?;
        println!("https://{}", listener.local_addr()?);
        tokio::spawn(serve(listener, outside::secured(app.clone())));
    }
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    serve(listener, app).await?;
    Ok(())
}

async fn serve<L>(listener: L, app: Router) -> io::Result<()>
where
    L: Listener,
    L::Addr: Debug,
{
    let door = FrontDoor::to(PATHS);
    let app = MapRequestLayer::new(move |request| door.open(request)).layer(app);
    axum::serve(listener, ServiceExt::<Request>::into_make_service(app)).await
}

fn app() -> Router {
    let tokens = TestTokens::generate();
    let test_hub = HubServer::start(TestHub, options());
    let without_sockets = ConnectionOptions {
        transports: Transports {
            web_sockets: false,
            ..Transports::ALL
        },
        ..options().connections
    };
    let authorized = ConnectionOptions {
        authenticate: Arc::new(tokens.clone()),
        authentication_refresh: Some(AuthenticationRefresh::always()),
        ..options().connections
    };

    let client_result = get(client_result).with_state(test_hub.context());

    Router::new()
        .merge(test_hub.router("/testhub"))
        .merge(hub_router(
            "/testhub-nowebsockets",
            TestHub,
            with(without_sockets),
        ))
        .merge(hub_router("/uncreatable", UncreatableHub, options()))
        .merge(hub_router(
            "/authorizedhub",
            HubWithAuthorization,
            with(authorized),
        ))
        .merge(hub_router(
            "/redirect",
            TestHub,
            with(redirecting::to_test_hub(options().connections)),
        ))
        .merge(raw_router("/echo", options().connections, echo))
        .route(
            "/generateJwtToken",
            get(
                move |Query(claims): Query<BTreeMap<String, String>>| async move {
                    tokens.issue(claims)
                },
            ),
        )
        .route("/clientresult/{id}", client_result)
        .route("/deployment", get(|| async { Json(json!({})) }))
        .layer(from_fn(outside::outside))
}

fn options() -> HubOptions {
    with(ConnectionOptions {
        allowed_origins: AllowedOrigins::Any,
        ..ConnectionOptions::default()
    })
}

fn with(connections: ConnectionOptions) -> HubOptions {
    HubOptions {
        detailed_errors: true,
        message_pack: true,
        connections,
        ..HubOptions::default()
    }
}

async fn echo(connection: RawConnection) -> Result<(), RawError> {
    while let Some(bytes) = connection.receive().await {
        connection.send(bytes).await;
    }
    Ok(())
}

/// Asks a client for a number, from outside of the hub.
async fn client_result(State(hub): State<HubContext>, Path(id): Path<String>) -> String {
    let answer = hub.clients().connection(&id).ask::<i32>("Result", ()).await;
    answer.map_or_else(|error| error.to_string(), |number| number.to_string())
}
