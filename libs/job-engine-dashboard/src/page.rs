use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use job_engine::{ActError, StorageError};
use maud::{Markup, html};
use tower_http::csrf::ProtectionError;

/// What a handler answers: the layout is put around it on the way out.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    pub(crate) body: Markup,
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
    /// What the page showed is not so any more; the words say that nothing was changed.
    MovedOn(String),
    Storage(StorageError),
}

impl PageError {
    /// An address names an action that there is not.
    pub(crate) fn no_such_action() -> Self {
        Self::NotFound("The dashboard has no such action.".to_owned())
    }
}

impl From<StorageError> for PageError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<ActError> for PageError {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Unfit(words) => Self::BadRequest(format!(
                "{words} Nothing was changed. Go back to correct it."
            )),
            ActError::NotFound(words) => Self::NotFound(words),
            ActError::MovedOn(words) => Self::MovedOn(format!(
                "{words} Nothing was changed. Go back and reload the page."
            )),
            ActError::TooMany(_) => Self::MovedOn(format!(
                "{error} Nothing was changed. Go back and reload the page to be told their number."
            )),
            ActError::Storage(error) => Self::Storage(error),
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, title, words) = match self {
            Self::NotFound(words) => (StatusCode::NOT_FOUND, "Not found", words),
            Self::BadRequest(words) => (StatusCode::BAD_REQUEST, "Not understood", words),
            Self::MovedOn(words) => (StatusCode::CONFLICT, "It has moved on", words),
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
