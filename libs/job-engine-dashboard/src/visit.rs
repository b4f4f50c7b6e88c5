use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Extensions, Method, StatusCode, header};
use jiff::Timestamp;
use job_engine::StorageError;
use job_engine::storage::Counts;
use maud::{Markup, html};
use tower_http::csrf::ProtectionError;

use crate::access::Viewer;
use crate::cookies::{self, Stay};
use crate::flash::{self, Flash};
use crate::mount::Mount;
use crate::{DashboardOptions, Shared, form_token, html};

/// The cookie that keeps the chosen colours.
pub(crate) const THEME_COOKIE: &str = "job_dashboard_theme";

/// What a page needs to know about who looks, from where and when.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) viewer: Viewer,
    pub(crate) mount: Mount,
    /// Path and query below the mount, to come back to.
    pub(crate) here: String,
    /// Whether the page can be asked for again, and so be kept live.
    pub(crate) can_refresh: bool,
    pub(crate) now: Timestamp,
    pub(crate) theme: Theme,
    pub(crate) form_token: String,
    /// The browser's half of the token.
    pub(crate) session: String,
    pub(crate) flash: Option<Flash>,
    /// `None` when the storage does not answer.
    pub(crate) counts: Option<Counts>,
    pub(crate) options: Arc<DashboardOptions>,
    session_is_new: bool,
}

/// Colours: the system's or the viewer's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    System,
    Light,
    Dark,
}

/// What a handler answers: the layout is put around it on the way out.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    pub(crate) body: Markup,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == text)
    }
}

impl Page {
    pub(crate) fn ok(title: impl Into<String>, body: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            title: title.into(),
            body,
        }
    }

    /// A page that says what is wrong and what to do.
    pub(crate) fn explaining(status: StatusCode, title: &str, words: &str) -> Self {
        let body = html! {
            header.page-head { div { h1 { (title) } p.about { (words) } } }
        };
        Self {
            status,
            title: title.to_owned(),
            body,
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Why there is no page. Each one is shown with the layout, in words.
#[derive(Debug)]
pub(crate) enum PageError {
    NotFound(String),
    BadRequest(String),
    /// The form's token is not this actor's and browser's.
    ForeignForm,
    ReadOnly,
    Storage(StorageError),
}

impl From<StorageError> for PageError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, title, words) = match self {
            Self::NotFound(words) => (StatusCode::NOT_FOUND, "Not found", words),
            Self::BadRequest(words) => (StatusCode::BAD_REQUEST, "Not understood", words),
            Self::ForeignForm => (
                StatusCode::FORBIDDEN,
                "This form has expired",
                "Nothing was changed. Go back, reload the page and try again.".to_owned(),
            ),
            Self::ReadOnly => (
                StatusCode::FORBIDDEN,
                "You may look, but not act",
                "Nothing was changed. Your access to this dashboard is read-only.".to_owned(),
            ),
            Self::Storage(error) => {
                tracing::error!(%error, "the job dashboard cannot read or write");
                return storage_failed(&error);
            }
        };

        Page::explaining(status, title, &words).into_response()
    }
}

fn storage_failed(error: &StorageError) -> Response {
    let unavailable = Page::explaining(
        StatusCode::SERVICE_UNAVAILABLE,
        "The job storage does not answer",
        "Nothing is lost: jobs are safe in the database. Reload in a few seconds. If you have just \
         acted on jobs, see how they are before you do it again.",
    );
    let corrupt = Page::explaining(
        StatusCode::INTERNAL_SERVER_ERROR,
        "The job storage holds something unreadable",
        "Nothing was changed. The server's log says what could not be read.",
    );

    match error {
        StorageError::Unavailable(_) => {
            ([(header::RETRY_AFTER, "5")], unavailable.into_response()).into_response()
        }
        StorageError::Corrupt(_) => corrupt.into_response(),
    }
}

pub(crate) async fn no_such_page() -> PageError {
    PageError::NotFound("The dashboard has no page at this address.".to_owned())
}

/// The answer to a form that another site sent.
pub(crate) fn cross_site(_: ProtectionError) -> Response {
    let words = "This request came from another site. Nothing was changed.\n";
    (StatusCode::FORBIDDEN, words).into_response()
}

/// Finds out what pages need to know, runs the handler, and puts the layout around its page.
pub(crate) async fn lay_out(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let counts = shared.storage.counts().await;
    let visit = Visit::of(&parts, &shared, counts.ok());
    parts.extensions.insert(visit.clone());

    let mut response = next.run(Request::from_parts(parts, body)).await;
    let page = response.extensions_mut().remove::<Page>();
    match page {
        Some(page) => with_layout(response, &visit, &page),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let words = "This address does not take requests of this kind. Nothing was changed.";
            let page = Page::explaining(response.status(), "Not allowed", words);
            with_layout(response, &visit, &page)
        }
        None => response,
    }
}

fn with_layout(response: Response, visit: &Visit, page: &Page) -> Response {
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/html; charset=utf-8"),
    );

    let path = visit.mount.cookie_path();
    if visit.session_is_new {
        let cookie = cookies::write(form_token::COOKIE, &visit.session, path, Stay::Session);
        head.headers.append(header::SET_COOKIE, cookie);
    }
    if visit.flash.is_some() {
        let cookie = cookies::write(flash::COOKIE, "", path, Stay::Gone);
        head.headers.append(header::SET_COOKIE, cookie);
    }

    let text = html::layout::page(visit, page).into_string();
    Response::from_parts(head, text.into())
}

impl Visit {
    fn of(parts: &Parts, shared: &Shared, counts: Option<Counts>) -> Self {
        let viewer = viewer(&parts.extensions);
        let known = cookies::read(&parts.headers, form_token::COOKIE)
            .filter(|session| form_token::is_session(session));
        let session = known.map_or_else(form_token::new_session, str::to_owned);

        Self {
            form_token: shared.form_tokens.issue(&viewer.actor, &session),
            mount: Mount::of(parts, shared.options.public_path.as_deref()),
            here: here(parts),
            can_refresh: parts.method == Method::GET,
            now: Timestamp::now(),
            theme: cookies::read(&parts.headers, THEME_COOKIE)
                .and_then(Theme::parse)
                .unwrap_or(Theme::System),
            flash: cookies::read(&parts.headers, flash::COOKIE).and_then(Flash::parse),
            session_is_new: known.is_none(),
            options: Arc::clone(&shared.options),
            viewer,
            session,
            counts,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.mount.url(path)
    }
}

impl FromRequestParts<Shared> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Self::Rejection> {
        let visit = parts.extensions.get::<Self>();
        Ok(visit.expect("every page is behind `lay_out`").clone())
    }
}

/// The page's own address; the answer to a form has none to come back to.
fn here(parts: &Parts) -> String {
    match (&parts.method, parts.uri.path_and_query()) {
        (&Method::GET, Some(here)) => here.to_string(),
        _ => "/".to_owned(),
    }
}

fn viewer(extensions: &Extensions) -> Viewer {
    let viewer = extensions.get::<Viewer>();
    viewer.expect("everything is behind `admit`").clone()
}
