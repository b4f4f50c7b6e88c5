use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Extensions, Method};
use jiff::Timestamp;
use job_engine::storage::Counts;

use crate::access::Viewer;
use crate::mount::Mount;
use crate::notice::Notice;
use crate::{DashboardOptions, Shared, cookies, flash, form_token};

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
    pub(crate) notice: Option<Notice>,
    /// `None` when the storage does not answer.
    pub(crate) counts: Option<Counts>,
    pub(crate) options: Arc<DashboardOptions>,
    /// Whether the browser is to be given its half.
    pub(crate) session_is_new: bool,
}

/// Colours: the system's or the viewer's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    System,
    Light,
    Dark,
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

impl Visit {
    pub(crate) fn of(parts: &Parts, shared: &Shared, counts: Option<Counts>) -> Self {
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
            notice: cookies::read(&parts.headers, flash::COOKIE).and_then(Notice::parse),
            session_is_new: known.is_none(),
            options: Arc::clone(&shared.options),
            viewer,
            session,
            counts,
        }
    }

    /// A job's arguments as they may be shown.
    pub(crate) fn arguments<'a>(&self, kind: &str, arguments: &'a str) -> Cow<'a, str> {
        self.options.redactions.hide(kind, arguments)
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
