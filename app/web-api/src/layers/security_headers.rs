use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue};

/// Files of this server, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// What every answer says; a handler that has said otherwise is right.
const ALWAYS: [(HeaderName, &str); 8] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];
const TLS_FOR_A_YEAR: &str = "max-age=31536000; includeSubDomains";

/// Whether browsers reach us over TLS.
#[derive(Debug, Clone, Copy)]
pub struct IsHttps(pub bool);

pub async fn security_headers(
    State(IsHttps(is_https)): State<IsHttps>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;

    let mut say = |name: HeaderName, value| {
        let value = HeaderValue::from_static(value);
        response.headers_mut().entry(name).or_insert(value);
    };
    for (name, value) in ALWAYS {
        say(name, value);
    }
    if is_https {
        say(STRICT_TRANSPORT_SECURITY, TLS_FOR_A_YEAR);
    }
    response
}
