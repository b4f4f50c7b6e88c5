use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// A JSON body, or the reason why it is none.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(body) = Json::from_request(request, state)
            .await
            .map_err(|rejection| explain(&rejection))?;
        Ok(Self(body))
    }
}

fn explain(rejection: &JsonRejection) -> ApiError {
    use axum::http::StatusCode;

    match rejection.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::NotJson,
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
        _ => explain_text(&rejection.body_text()),
    }
}

/// Names the field where one is missing; says where the JSON goes wrong otherwise.
fn explain_text(text: &str) -> ApiError {
    let missing = text
        .split_once("missing field `")
        .and_then(|(_, rest)| rest.split_once('`'));
    match missing {
        Some((field, _)) => ApiError::invalid(field, "This is needed."),
        None => ApiError::Malformed(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_field_is_named() {
        let text = "Failed to deserialize the JSON body into the target type: missing field `adminEmail` at line 1 column 15";

        let error = explain_text(text);

        assert!(matches!(error, ApiError::Invalid(errors) if errors.0.contains_key("adminEmail")));
    }
}
