use application::users::{SetPasswordError, set_password};
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::SharedApi;
use crate::client_limits::Client;
use crate::error::{ApiError, Problem};
use crate::json_body::JsonBody;

#[derive(Debug, Deserialize, ToSchema)]
pub struct SetPasswordRequest {
    /// From the one-time link.
    pub token: String,
    /// 8 to 128 characters, and not one that everyone would try.
    #[schema(format = Password)]
    pub password: String,
}

/// Sets the password of whoever holds a one-time link.
#[utoipa::path(
    post, path = "/api/passwords", tag = "sign-up", operation_id = "setPassword",
    request_body = SetPasswordRequest,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    State(api): State<SharedApi>,
    client: Client,
    JsonBody(request): JsonBody<SetPasswordRequest>,
) -> Result<StatusCode, ApiError> {
    api.limits.public_questions.take(&client)?;

    set_password(&api.app, &request.token, &request.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<SetPasswordError> for ApiError {
    fn from(error: SetPasswordError) -> Self {
        match error {
            SetPasswordError::InvalidToken => Self::invalid("token", error.to_string()),
            SetPasswordError::Weak(weak) => Self::invalid("password", weak.to_string()),
            SetPasswordError::Hash(error) => error.into(),
            SetPasswordError::Catalog(error) => error.into(),
            SetPasswordError::Enqueue(error) => error.into(),
        }
    }
}
