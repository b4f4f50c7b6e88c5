//! The routes of the API in one table, and their description, made from the routes themselves.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Description};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::SharedApi;
use crate::routes::{
    health, jobs, mails, notifications, passwords, sessions, sign_up, slugs, tenant_home, tenants,
};

/// The API, as `openapi.json` describes it.
pub fn described_routes() -> OpenApiRouter<SharedApi> {
    OpenApiRouter::with_openapi(Frame::openapi())
        .routes(routes!(sessions::create))
        .routes(routes!(sessions::refresh))
        .routes(routes!(sessions::delete_current))
        .routes(routes!(sessions::me))
        .routes(routes!(tenants::list, tenants::create))
        .routes(routes!(tenants::get))
        .routes(routes!(tenants::retry))
        .routes(routes!(tenant_home::get))
        .routes(routes!(slugs::get))
        .routes(routes!(sign_up::create))
        .routes(routes!(passwords::create))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::read_all))
        .routes(routes!(notifications::read))
        .routes(routes!(mails::list))
        .routes(routes!(mails::get))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::command))
        .routes(routes!(jobs::overview))
        .routes(routes!(jobs::errors))
        .routes(routes!(jobs::audit))
        .routes(routes!(jobs::list_operations, jobs::begin))
        .routes(routes!(jobs::get_operation))
        .routes(routes!(jobs::stop))
        .routes(routes!(jobs::log))
        .routes(routes!(jobs::copy))
        .routes(routes!(jobs::throughput))
        .routes(routes!(jobs::kinds))
        .routes(routes!(jobs::list_queues))
        .routes(routes!(jobs::pause))
        .routes(routes!(jobs::resume))
        .routes(routes!(jobs::list_limits))
        .routes(routes!(jobs::set_limit, jobs::remove_limit))
        .routes(routes!(jobs::list_servers))
        .routes(routes!(jobs::order_server))
        .routes(routes!(jobs::list_batches))
        .routes(routes!(jobs::get_batch))
        .routes(routes!(jobs::list_recurring))
        .routes(routes!(jobs::get_recurring, jobs::remove_recurring))
        .routes(routes!(jobs::list_runs))
        .routes(routes!(jobs::run_recurring))
        .routes(routes!(jobs::pause_recurring))
        .routes(routes!(jobs::resume_recurring))
        .routes(routes!(jobs::reschedule))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

/// As `openapi.json` in this crate holds it.
pub fn json() -> String {
    as_json(&described_routes().into_openapi())
}

pub fn as_json(description: &Description) -> String {
    let mut json = description
        .to_pretty_json()
        .expect("the description is JSON");
    json.push('\n');
    json
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Diquis",
        description = "Organizations get a workspace with a database of its own, set up in the background. Errors are problem details (RFC 9457).",
    ),
    modifiers(&BearerToken),
)]
struct Frame;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, description: &mut Description) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The `accessToken` of a session."))
            .build();
        let components = description.components.get_or_insert_with(Components::new);
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}
