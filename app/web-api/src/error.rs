use std::collections::BTreeMap;
use std::time::Duration;

use application::InvalidFields;
use application::ports::{CatalogError, EnqueueError, HashError};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::request_id;

/// Why a request was not answered as asked, and so the status of the answer.
#[derive(Debug)]
pub enum ApiError {
    /// 400: these fields are not right.
    Invalid(FieldErrors),
    /// 400: the request cannot be understood.
    Malformed(String),
    /// 401: nobody is signed in, or no longer.
    Unauthorized(&'static str),
    /// 403: not with this role.
    Forbidden(&'static str),
    /// 404
    NotFound(&'static str),
    /// 405
    MethodNotAllowed,
    /// 409: it contradicts what is there.
    Conflict { detail: String, errors: FieldErrors },
    /// 413
    TooLarge,
    /// 415
    NotJson,
    /// 422: an idempotency key that was used for another request.
    KeyReused,
    /// 429
    TooMany { retry_after: Duration },
    /// 503: too much at once, or too slow.
    Unavailable(&'static str),
    /// 503: a part that is needed does not answer. It is logged.
    Down(anyhow::Error),
    /// 500: our mistake. It is logged; the client learns no more than that.
    Internal(anyhow::Error),
}

/// What is wrong, by the name of the field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct FieldErrors(pub BTreeMap<String, Vec<String>>);

impl FieldErrors {
    pub fn of(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self(BTreeMap::from([(field.into(), vec![message.into()])]))
    }
}

/// An error as the client sees it: RFC 9457.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says it all.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    pub status: u16,
    /// What happened, for people.
    pub detail: String,
    /// The request, as it is called in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub instance: Option<String>,
    /// What is wrong, by the name of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = FieldErrors, required = false)]
    pub errors: Option<FieldErrors>,
}

impl ApiError {
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(FieldErrors::of(field, message))
    }

    pub fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::Internal(error.into())
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::Down(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Invalid(_) => "Some fields are not right.".to_owned(),
            Self::Malformed(detail) | Self::Conflict { detail, .. } => detail.clone(),
            Self::Unauthorized(detail)
            | Self::Forbidden(detail)
            | Self::NotFound(detail)
            | Self::Unavailable(detail) => (*detail).to_owned(),
            Self::MethodNotAllowed => "This address does not take that method.".to_owned(),
            Self::TooLarge => "The body is larger than 64 KiB.".to_owned(),
            Self::NotJson => "The body must be JSON: Content-Type: application/json.".to_owned(),
            Self::KeyReused => {
                "This Idempotency-Key was used for another request; take a fresh one.".to_owned()
            }
            Self::TooMany { retry_after } => format!(
                "Too many requests. Please try again in {} seconds.",
                whole_seconds(*retry_after)
            ),
            Self::Down(_) => "A part of this service does not answer.".to_owned(),
            Self::Internal(_) => {
                "Something went wrong on our side. It has been recorded.".to_owned()
            }
        }
    }

    fn errors(&self) -> Option<FieldErrors> {
        match self {
            Self::Invalid(errors) => Some(errors.clone()),
            Self::Conflict { errors, .. } if !errors.0.is_empty() => Some(errors.clone()),
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Internal(error) | Self::Down(error) = &self {
            tracing::error!(error = format!("{error:#}"), "a request failed");
        }

        let status = self.status();
        let mut response = Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: self.detail(),
            instance: request_id::current().map(|id| format!("urn:uuid:{id}")),
            errors: self.errors(),
        }
        .into_response();

        match self {
            Self::Unauthorized(_) => {
                let scheme = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
            }
            Self::TooMany { retry_after } => {
                let seconds = whole_seconds(retry_after).into();
                response.headers_mut().insert(RETRY_AFTER, seconds);
            }
            Self::Unavailable(_) => {
                response.headers_mut().insert(RETRY_AFTER, 1.into());
            }
            _ => {}
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(CONTENT_TYPE, kind)], body).into_response()
    }
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Unavailable(_) => Self::Down(error.into()),
            CatalogError::Unreadable(_) => Self::internal(error),
        }
    }
}

impl From<EnqueueError> for ApiError {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Catalog(error) => error.into(),
            EnqueueError::Job(_) => Self::internal(error),
        }
    }
}

impl From<HashError> for ApiError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => {
                Self::Unavailable("Many people sign in right now. Please try again.")
            }
            HashError::Broken(_) => Self::internal(error),
        }
    }
}

impl From<InvalidFields> for ApiError {
    fn from(invalid: InvalidFields) -> Self {
        let mut errors = FieldErrors::default();
        for field in invalid.0 {
            let messages = errors.0.entry(field.name.to_owned()).or_default();
            messages.push(field.message);
        }
        Self::Invalid(errors)
    }
}

/// Rounded up, so that who waits as told does not come too early.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
