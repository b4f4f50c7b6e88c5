//! The job dashboard at `/hangfire`, for Super Admins alone.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::Redirect;
use domain::Role;
use http::request::Parts;
use job_engine_dashboard::{Access, DashboardAccess, DashboardOptions, dashboard_with};
use tokio_util::sync::CancellationToken;

use crate::api::SharedApi;
use crate::cookies::DASHBOARD;
use crate::current_user::bearer_token;
use crate::error::ApiError;
use crate::identity::SignedInUser;
use crate::tokens::Purpose;

pub const PATH: &str = "/hangfire";

/// `stop` ends its live pages.
pub fn router(api: &SharedApi, stop: CancellationToken) -> Router {
    let options = DashboardOptions {
        home: Some(("Diquis".to_owned(), "/tenants".to_owned())),
        form_key: api.identity.dashboard_form_key(),
        redactions: application::jobs::registry().redactions(),
        stop,
        ..DashboardOptions::default()
    };
    let storage = Arc::clone(&api.adapters.storage);
    dashboard_with(storage, SuperAdminsOnly(Arc::clone(api)), options)
}

struct SuperAdminsOnly(SharedApi);

impl DashboardAccess for SuperAdminsOnly {
    async fn authorize(&self, parts: &Parts) -> Access {
        match self.visitor(parts).await {
            Ok(Some(visitor)) if visitor.user.has_role(Role::SuperAdmin) => Access::Full {
                actor: visitor.user.email.to_string(),
            },
            Ok(Some(_)) => Access::Forbidden,
            Ok(None) => Access::SignIn {
                url: sign_in_and_return(parts),
            },
            Err(error) => {
                tracing::error!(?error, "a visitor of the dashboard could not be identified");
                Access::Unauthorized
            }
        }
    }
}

impl SuperAdminsOnly {
    /// Browsers bring the cookie, programs an access token.
    async fn visitor(&self, parts: &Parts) -> Result<Option<SignedInUser>, ApiError> {
        let cookie = DASHBOARD.read(&parts.headers, self.0.is_https());
        let (purpose, token) = match (bearer_token(&parts.headers), cookie) {
            (Some(token), _) => (Purpose::Access, token),
            (None, Some(token)) => (Purpose::Dashboard, token),
            (None, None) => return Ok(None),
        };
        Ok(self.0.identity.holder(purpose, token).await?)
    }
}

fn sign_in_and_return(parts: &Parts) -> String {
    let here = parts
        .uri
        .path_and_query()
        .map_or(PATH, |here| here.as_str());
    let mut url = String::from("/sign-in?returnTo=");
    for byte in here.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                url.push(byte.into());
            }
            _ => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url
}

/// To the overview, whose address has no slash at its end.
pub async fn without_slash(RawQuery(query): RawQuery) -> Redirect {
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    Redirect::permanent(&format!("{PATH}{query}"))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn who_signs_in_comes_back_to_the_page_they_wanted() {
        let request = Request::get("/hangfire/jobs/failed?q=a%20b&page=2").body(());
        let (parts, ()) = request.expect("a request").into_parts();

        let url = sign_in_and_return(&parts);

        assert_eq!(
            url,
            "/sign-in?returnTo=/hangfire/jobs/failed%3Fq%3Da%2520b%26page%3D2"
        );
    }
}
