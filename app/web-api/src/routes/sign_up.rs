use application::users::{SignUp, SignUpError, sign_up};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::tenants::slug_taken;
use crate::api::SharedApi;
use crate::client_limits::Client;
use crate::error::{ApiError, Problem};
use crate::json_body::JsonBody;

#[derive(Debug, Deserialize, ToSchema)]
pub struct SignUpRequest {
    pub organization: String,
    pub email: String,
    /// Made from the organization's name when absent.
    pub slug: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SignUpAccepted)]
pub struct SignUpResponse {
    pub message: String,
}

/// The same whether or not the address is known.
const THANKS: &str = "Thanks for signing up! Check your email shortly for your login details.";

/// Asks for a tenant of one's own. What follows, follows by e-mail.
#[utoipa::path(
    post, path = "/api/sign-up", tag = "sign-up", operation_id = "signUp",
    request_body = SignUpRequest,
    responses(
        (status = 202, body = SignUpResponse),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    State(api): State<SharedApi>,
    client: Client,
    JsonBody(request): JsonBody<SignUpRequest>,
) -> Result<(StatusCode, Json<SignUpResponse>), ApiError> {
    api.limits.sign_ups.take(&client)?;

    let request = SignUp {
        organization: request.organization,
        email: request.email,
        slug: request.slug,
    };
    sign_up(&api.app, request).await?;

    let message = THANKS.to_owned();
    Ok((StatusCode::ACCEPTED, Json(SignUpResponse { message })))
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Invalid(fields) => fields.into(),
            SignUpError::SlugTaken => slug_taken(),
            SignUpError::Catalog(error) => error.into(),
            SignUpError::Enqueue(error) => error.into(),
        }
    }
}
