//! The pages: the front end's build, embedded in the executable.

use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::ApiError;

#[derive(RustEmbed)]
#[folder = "../../frontend/dist"]
#[allow_missing = true]
struct Build;

const PAGE: &str = "index.html";
const NOT_BUILT: &str = include_str!("frontend_not_built.html");

/// A file of the build; for every other address that a browser opens, the page, which has its own
/// routes.
pub fn serve(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    if ![Method::GET, Method::HEAD].contains(method) {
        return ApiError::MethodNotAllowed.into_response();
    }

    let path = uri.path().trim_start_matches('/');
    if !path.is_empty()
        && let Some(response) = file(path, headers)
    {
        return response;
    }
    if !wants_page(path, headers) {
        return ApiError::NotFound("There is nothing at this address.").into_response();
    }
    file(PAGE, headers)
        .unwrap_or_else(|| (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response())
}

fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    path.is_empty() || accept.is_some_and(|accept| accept.contains("text/html"))
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = Build::get(path)?;
    let (file, encoding) =
        compressed(path, headers).map_or((plain, None), |(file, encoding)| (file, Some(encoding)));

    let tag = entity_tag(&file);
    let mut meta = HeaderMap::from_iter([
        (ETAG, tag.clone()),
        (CACHE_CONTROL, HeaderValue::from_static(caching(path))),
        (VARY, HeaderValue::from_static("accept-encoding")),
    ]);
    if headers.get(IF_NONE_MATCH) == Some(&tag) {
        return Some((StatusCode::NOT_MODIFIED, meta).into_response());
    }

    set(&mut meta, CONTENT_TYPE, content_type(path));
    if let Some(encoding) = encoding {
        set(&mut meta, CONTENT_ENCODING, encoding);
    }
    Some((meta, Body::from(file.data)).into_response())
}

/// The build may hold `name.js.br` and `name.js.gz` beside `name.js`.
fn compressed(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, &'static str)> {
    let accepted = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| accepted.split(',').any(|one| one.trim() == *encoding))
        .find_map(|(encoding, ending)| Some((Build::get(&format!("{path}.{ending}"))?, encoding)))
}

fn entity_tag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let start = u128::from_be_bytes(hash[..16].try_into().expect("a hash has 32 bytes"));
    HeaderValue::from_str(&format!("\"{start:032x}\"")).expect("hexadecimal digits")
}

/// Files in `assets/` carry a hash of their content in the name.
fn caching(path: &str) -> &'static str {
    if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
