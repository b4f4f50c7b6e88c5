//! Accepts connections and lets the application answer on them, within bounds.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt};

/// Who is at the other end of the connection: the client, or a proxy.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub SocketAddr);

/// What answers requests: the router, and what stands before it.
pub trait Answers:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<S> Answers for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

const MAX_CONNECTIONS: usize = 10_000;
const MAX_HEADERS: usize = 100;
/// The head of a request and what is read ahead of its body.
const MAX_BUFFER_BYTES: usize = 64 * 1024;
/// How long a client may take for the head of a request, and stay idle between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests that are being answered may take once the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// After the system had no file descriptor left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers until `stop` fires, then lets the requests under way finish.
pub async fn serve<S: Answers>(listener: TcpListener, service: S, stop: CancellationToken) {
    let open = TaskTracker::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));

    while let Some(place) = unless_stopped(&stop, places.clone().acquire_owned()).await {
        let Some(accepted) = unless_stopped(&stop, listener.accept()).await else {
            break;
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_if_exhausted(&error).await;
                continue;
            }
        };

        let connection = answer(stream, peer, service.clone(), stop.clone());
        open.spawn(async move {
            connection.await;
            drop(place);
        });
    }

    drop(listener);
    open.close();
    if tokio::time::timeout(DRAIN_TIMEOUT, open.wait())
        .await
        .is_err()
    {
        tracing::warn!("some requests were still being answered and were cut off");
    }
}

/// Answers on one connection; after `stop`, only what was asked before.
async fn answer<S: Answers>(
    stream: TcpStream,
    peer: SocketAddr,
    service: S,
    stop: CancellationToken,
) {
    // Messages are small and wait for nothing.
    let _ = stream.set_nodelay(true);

    let ask = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(PeerAddress(peer));
        service.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), ask)
        .with_upgrades();
    let mut connection = pin!(connection);

    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn unless_stopped<T, E>(
    stop: &CancellationToken,
    wait: impl Future<Output = Result<T, E>>,
) -> Option<Result<T, E>> {
    tokio::select! {
        () = stop.cancelled() => None,
        done = wait => Some(done),
    }
}

async fn pause_if_exhausted(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "no connection can be accepted at the moment");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
