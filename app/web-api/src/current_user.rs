use axum::extract::FromRequestParts;
use domain::{Role, User};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::api::SharedApi;
use crate::error::ApiError;
use crate::tokens::Purpose;

/// Who is asking.
pub struct CurrentUser(pub User);

/// Who is asking, and is a Super Admin.
pub struct SuperAdmin(pub User);

/// Who is asking, and owns a tenant.
pub struct TenantOwner(pub User);

impl FromRequestParts<SharedApi> for CurrentUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, ApiError> {
        let token =
            bearer_token(&parts.headers).ok_or(ApiError::Unauthorized("Please sign in."))?;
        let signed_in = api
            .identity
            .holder(Purpose::Access, token)
            .await?
            .ok_or(ApiError::Unauthorized("Please sign in again."))?;
        Ok(Self(signed_in.user))
    }
}

impl FromRequestParts<SharedApi> for SuperAdmin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, ApiError> {
        let CurrentUser(user) = CurrentUser::from_request_parts(parts, api).await?;
        if !user.has_role(Role::SuperAdmin) {
            return Err(ApiError::Forbidden("This is for Super Admins."));
        }
        Ok(Self(user))
    }
}

impl FromRequestParts<SharedApi> for TenantOwner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, ApiError> {
        let CurrentUser(user) = CurrentUser::from_request_parts(parts, api).await?;
        if !user.has_role(Role::TenantOwner) {
            return Err(ApiError::Forbidden("This is for the owner of a tenant."));
        }
        Ok(Self(user))
    }
}

pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
