//! The description of the API, made from the routes themselves.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Description};
use utoipa::{Modify, OpenApi};

use crate::router;

/// As `openapi.json` in this crate holds it.
pub fn json() -> String {
    as_json(&router::described_routes().into_openapi())
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
pub struct Frame;

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
