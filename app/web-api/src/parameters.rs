//! What stands in an address, parsed, with errors as problems.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::ApiError;

/// The id in a path. What is no id is the id of nothing.
pub struct Id(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(id) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::NotFound("There is nothing with this id."))?;
        Ok(Self(id))
    }
}

/// What else a path says. What cannot be read is the address of nothing.
pub struct PathParameters<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(parameters) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::NotFound("There is nothing at this address."))?;
        Ok(Self(parameters))
    }
}

/// The query.
pub struct QueryParameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(query) = Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection| explain(&rejection))?;
        Ok(Self(query))
    }
}

/// `Failed to deserialize query string: page: invalid digit found in string`
fn explain(rejection: &QueryRejection) -> ApiError {
    let text = rejection.body_text();
    let mut parts = text.splitn(3, ": ").skip(1);
    match (parts.next(), parts.next()) {
        (Some(field), Some(problem)) => ApiError::invalid(field, problem),
        _ => ApiError::Malformed(text),
    }
}
