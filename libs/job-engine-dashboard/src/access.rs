use std::future::Future;

use axum::extract::{OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};

use crate::Shared;

/// Decides who may look at the dashboard and who may act on it: the host application's part.
///
/// It is asked once for each request, assets and unknown paths included, and every few seconds for
/// as long as a page is kept live.
pub trait DashboardAccess: Send + Sync + 'static {
    /// What whoever sent this request may do. `parts.uri` is the whole URI, mount path included.
    fn authorize(&self, parts: &Parts) -> impl Future<Output = Access> + Send;
}

/// What someone may do on the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// See everything and act. The actor's name goes into the history of the jobs they act on.
    Full {
        /// Who acts, for the audit log.
        actor: String,
    },
    /// See everything, and act as these permissions say.
    Limited {
        /// Who acts, for the audit log.
        actor: String,
        /// What they may do; everything else is not offered, and refused with 403.
        may: Vec<Permission>,
    },
    /// See everything and change nothing.
    ReadOnly {
        /// Who looks.
        actor: String,
    },
    /// Nobody yet: a page answers with a redirect (303) to this address, everything else with 401.
    SignIn {
        /// An absolute path or a whole address; what was asked for is not added to it.
        url: String,
    },
    /// Nobody, and there is no place to sign in: 401.
    Unauthorized,
    /// Somebody, but not for this: 403.
    Forbidden,
}

/// An action that [`Access::Limited`] may permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// Put jobs back into their queues.
    Requeue,
    /// Run scheduled jobs now.
    TriggerNow,
    /// Take jobs out.
    Delete,
    /// Do what is permitted for one job to all jobs of a search, and stop it.
    ActOnAll,
    /// Enqueue a copy of a job with other arguments.
    Enqueue,
    /// Pause, resume and limit queues.
    ManageQueues,
    /// Change, pause and run recurring jobs.
    ManageRecurring,
    /// Quiet and stop servers.
    ManageServers,
}

impl Permission {
    /// Every permission: what [`Access::Full`] has.
    pub const ALL: [Self; 8] = [
        Self::Requeue,
        Self::TriggerNow,
        Self::Delete,
        Self::ActOnAll,
        Self::Enqueue,
        Self::ManageQueues,
        Self::ManageRecurring,
        Self::ManageServers,
    ];
}

/// Someone who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) actor: String,
    /// Whether there is anything they may do.
    pub(crate) may_act: bool,
    permissions: Vec<Permission>,
}

impl Viewer {
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// [`DashboardAccess`] as a trait object.
pub(crate) trait Gatekeeper: Send + Sync {
    fn authorize<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Access>;
}

impl<A: DashboardAccess> Gatekeeper for A {
    fn authorize<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Access> {
        DashboardAccess::authorize(self, parts).boxed()
    }
}

impl Access {
    pub(crate) fn viewer(&self) -> Option<Viewer> {
        let (actor, permissions) = match self {
            Self::Full { actor } => (actor, Permission::ALL.to_vec()),
            Self::Limited { actor, may } => (actor, may.clone()),
            Self::ReadOnly { actor } => (actor, Vec::new()),
            Self::SignIn { .. } | Self::Unauthorized | Self::Forbidden => return None,
        };

        Some(Viewer {
            actor: actor.clone(),
            may_act: !permissions.is_empty(),
            permissions,
        })
    }
}

/// Lets nobody past who was not let in: the outermost layer but one, so that a refusal comes before
/// "not found" and says nothing about what exists.
pub(crate) async fn admit(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let asked = as_sent(&parts);
    let access = shared.access.authorize(&asked).await;

    let Some(viewer) = access.viewer() else {
        return refusal(&access, &asked);
    };

    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(viewer);
    next.run(request).await
}

/// The request's head with the URI the browser sent, which a nested router sees cut.
pub(crate) fn as_sent(parts: &Parts) -> Parts {
    let mut sent = parts.clone();
    if let Some(OriginalUri(uri)) = parts.extensions.get::<OriginalUri>() {
        sent.uri = uri.clone();
    }

    sent
}

fn refusal(access: &Access, parts: &Parts) -> Response {
    let path = parts.uri.path();
    if let Access::SignIn { url } = access
        && wants_page(parts)
        && let Ok(location) = HeaderValue::from_str(url)
    {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    }
    if *access == Access::Forbidden {
        tracing::warn!(%path, method = %parts.method, "refused a visitor of the job dashboard");
        return (StatusCode::FORBIDDEN, "You may not see this page.\n").into_response();
    }

    (StatusCode::UNAUTHORIZED, "Sign in to see this page.\n").into_response()
}

fn wants_page(parts: &Parts) -> bool {
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let accept = parts.headers.get(header::ACCEPT);
    reads
        && accept
            .and_then(|value| value.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
}
