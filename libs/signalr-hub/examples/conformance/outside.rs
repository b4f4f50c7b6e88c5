//! What happens to requests before any hub sees them.

use std::path::Path;

use axum::{
    Extension, Router,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

/// Marks requests that came over HTTPS.
#[derive(Clone)]
struct Secure;

/// The client that the browsers' worker test loads.
const WORKER_CLIENT: &str = "/lib/signalr-webworker/signalr.js";
const WORKER_CLIENT_FILE: &str = "node_modules/@microsoft/signalr/dist/webworker/signalr.js";
/// Where npm may have put it: for the tests of this crate, for those of the product, or for whoever runs this.
const INSTALLATIONS: [&str; 3] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/e2e"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../frontend"),
    ".",
];

const ECHO_REDIRECT: &str = "/echoredirect";

/// The application as it is served over HTTPS.
pub fn secured(app: Router) -> Router {
    app.layer(Extension(Secure))
}

pub async fn outside(request: Request, next: Next) -> Response {
    if request.uri().path() == WORKER_CLIENT {
        return worker_client().await;
    }
    let cross_origin = cross_origin_headers(request.headers());
    let mut response = match request.method() {
        &Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => route(request, next).await,
    };
    response.headers_mut().extend(cross_origin);
    response
}

async fn route(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_ascii_lowercase();
    if is_below(&path, ECHO_REDIRECT) {
        return redirect_to_echo(request.uri());
    }

    let cookies = path.contains("/negotiate").then(|| cookies(&request));
    let mut response = if is_below(&path, "/bad-negotiate") {
        (StatusCode::BAD_REQUEST, "Some response from server").into_response()
    } else {
        next.run(request).await
    };
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn worker_client() -> Response {
    for installation in INSTALLATIONS {
        let file = Path::new(installation).join(WORKER_CLIENT_FILE);
        if let Ok(script) = tokio::fs::read(file).await {
            return ([(header::CONTENT_TYPE, "text/javascript")], script).into_response();
        }
    }
    let advice = "the client is not installed: run `npm ci` in libs/signalr-hub/e2e";
    tracing::error!("{advice}");
    (StatusCode::NOT_FOUND, advice).into_response()
}

fn cross_origin_headers(request: &HeaderMap) -> Vec<(Option<HeaderName>, HeaderValue)> {
    let Some(origin) = request.get(header::ORIGIN) else {
        return Vec::new();
    };
    let echoed = |asked: HeaderName, answered: HeaderName| {
        request
            .get(asked)
            .map(|value| (Some(answered), value.clone()))
    };
    let mut headers = vec![
        (Some(header::ACCESS_CONTROL_ALLOW_ORIGIN), origin.clone()),
        (
            Some(header::ACCESS_CONTROL_ALLOW_CREDENTIALS),
            HeaderValue::from_static("true"),
        ),
    ];
    headers.extend(echoed(
        header::ACCESS_CONTROL_REQUEST_METHOD,
        header::ACCESS_CONTROL_ALLOW_METHODS,
    ));
    headers.extend(echoed(
        header::ACCESS_CONTROL_REQUEST_HEADERS,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
    ));
    headers
}

fn is_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn redirect_to_echo(uri: &Uri) -> Response {
    let target = uri.to_string();
    let target = format!("/echo{}", &target[ECHO_REDIRECT.len()..]);
    Redirect::temporary(&target).into_response()
}

fn cookies(request: &Request) -> [HeaderValue; 3] {
    let secure = match request.extensions().get::<Secure>() {
        Some(_) => "; Secure; SameSite=None; Partitioned",
        None => "",
    };
    let hour_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    let expired = hour_ago.strftime("%a, %d %b %Y %H:%M:%S GMT");
    [
        format!("testCookie=testValue; path=/{secure}"),
        format!("testCookie2=testValue2; path=/{secure}"),
        format!("expiredCookie=doesntmatter; expires={expired}; path=/{secure}"),
    ]
    .map(|cookie| HeaderValue::from_str(&cookie).expect("cookies are plain"))
}
