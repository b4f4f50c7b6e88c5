//! What has to happen before an application looks at a request's address.

use axum::extract::Request;
use http::Uri;

use crate::{query, user::Token};

/// A token that was taken out of a request's address, for the hub alone.
#[derive(Clone)]
pub(crate) struct HiddenToken(pub(crate) Token);

/// Prepares requests for hubs: put it around the whole application, before anything that logs.
///
/// It takes `access_token` out of the query of requests to hub paths, so that no log or trace sees it,
/// and lets hub paths match without regard to case, as clients of ASP.NET Core expect.
///
/// ```
/// use axum::{Router, ServiceExt, extract::Request};
/// use signalr_hub::FrontDoor;
/// use tower::{Layer, util::MapRequestLayer};
///
/// let door = FrontDoor::to(["/hubs/chat"]);
/// let app = MapRequestLayer::new(move |request| door.open(request)).layer(Router::new());
/// let service = ServiceExt::<Request>::into_make_service(app);
/// # drop(service);
/// ```
#[derive(Debug, Clone)]
pub struct FrontDoor {
    paths: Vec<String>,
}

impl FrontDoor {
    /// For the hubs at these paths.
    pub fn to<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
        }
    }

    /// Prepares one request.
    pub fn open(&self, mut request: Request) -> Request {
        let Some(path) = self.hub_path(request.uri().path()) else {
            return request;
        };
        use_path(request.uri_mut(), &path);
        if let Some(token) = query::take(request.uri_mut(), "access_token") {
            let token = HiddenToken(Token::from_text(token));
            request.extensions_mut().insert(token);
        }
        request
    }

    /// The path as the hub was given it, if it is one of a hub.
    fn hub_path(&self, path: &str) -> Option<String> {
        self.paths.iter().find_map(|hub| {
            let start = path.get(..hub.len())?;
            let rest = &path[hub.len()..];
            let is_hub =
                start.eq_ignore_ascii_case(hub) && (rest.is_empty() || rest.starts_with('/'));
            is_hub.then(|| format!("{hub}{}", rest.to_ascii_lowercase()))
        })
    }
}

fn use_path(uri: &mut Uri, path: &str) {
    if uri.path() != path {
        let replaced = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        query::replace_path_and_query(uri, &replaced);
    }
}
