use application::tenants::{CheckSlugError, check_slug};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::SharedApi;
use crate::client_limits::Client;
use crate::error::{ApiError, Problem};
use crate::parameters::PathParameters;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Slug)]
pub struct SlugResponse {
    pub slug: String,
    pub available: bool,
}

/// Whether a new tenant can have this slug.
#[utoipa::path(
    get, path = "/api/slugs/{slug}", tag = "sign-up", operation_id = "checkSlug",
    params(("slug" = String, Path)),
    responses(
        (status = 200, body = SlugResponse),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get(
    State(api): State<SharedApi>,
    client: Client,
    PathParameters(slug): PathParameters<String>,
) -> Result<Json<SlugResponse>, ApiError> {
    api.limits.public_questions.take(&client)?;

    match check_slug(&api.app, &slug).await {
        Ok(available) => Ok(Json(SlugResponse { slug, available })),
        Err(CheckSlugError::Invalid(error)) => Err(ApiError::invalid("slug", error.to_string())),
        Err(CheckSlugError::Catalog(error)) => Err(error.into()),
    }
}
