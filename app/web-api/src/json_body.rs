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

/// Names the field that is missing or of the wrong type; says where it goes wrong otherwise.
fn explain_text(text: &str) -> ApiError {
    let Some((_, reason)) = text.split_once(" into the target type: ") else {
        return ApiError::Malformed(text.to_owned());
    };
    if let Some((_, rest)) = reason.split_once("missing field `")
        && let Some((field, _)) = rest.split_once('`')
    {
        return ApiError::invalid(field, "This is needed.");
    }
    match reason.split_once(": ") {
        Some((field, problem)) if field.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            ApiError::invalid(field, problem)
        }
        _ => ApiError::Malformed(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_field(reason: &str) -> Option<String> {
        let text = format!("Failed to deserialize the JSON body into the target type: {reason}");
        match explain_text(&text) {
            ApiError::Invalid(errors) => errors.0.into_keys().next(),
            _ => None,
        }
    }

    #[test]
    fn a_field_that_is_missing_is_named() {
        let field = named_field("missing field `adminEmail` at line 1 column 15");

        assert_eq!(field.as_deref(), Some("adminEmail"));
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let field =
            named_field("name: invalid type: integer `5`, expected a string at line 1 column 9");

        assert_eq!(field.as_deref(), Some("name"));
    }

    #[test]
    fn a_body_of_the_wrong_type_names_no_field() {
        let field = named_field("invalid type: sequence, expected struct Body at line 1 column 0");

        assert_eq!(field, None);
    }
}
