use application::users::{
    RefreshError, SignInError, SignedIn, end_session, refresh_session, sign_in, sign_out,
};
use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::user::UserResponse;
use crate::api::{Api, SharedApi};
use crate::client_limits::Client;
use crate::cookies::{DASHBOARD, REFRESH};
use crate::current_user::{CurrentUser, bearer_token};
use crate::error::{ApiError, Problem};
use crate::json_body::JsonBody;
use crate::tokens::Purpose;

#[derive(Debug, Deserialize, ToSchema)]
pub struct SignInRequest {
    pub email: String,
    #[schema(format = Password)]
    pub password: String,
}

/// A session has been opened or renewed. The refresh token comes as a cookie.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct SessionResponse {
    /// For the header `Authorization: Bearer`. Keep it in memory.
    pub access_token: String,
    /// `Bearer`
    pub token_type: String,
    /// In seconds.
    pub expires_in: i64,
    pub user: UserResponse,
}

/// Signs in.
#[utoipa::path(
    post, path = "/api/sessions", tag = "sessions", operation_id = "signIn",
    request_body = SignInRequest,
    responses(
        (status = 200, body = SessionResponse),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    State(api): State<SharedApi>,
    client: Client,
    JsonBody(request): JsonBody<SignInRequest>,
) -> Result<Response, ApiError> {
    api.limits.failed_sign_ins.look(&client)?;

    match sign_in(&api.app, &request.email, &request.password).await {
        Ok(signed_in) => {
            tracing::info!(user = %signed_in.user.id, %client, "signed in");
            session(&api, &signed_in)
        }
        Err(SignInError::Wrong) => {
            tracing::warn!(%client, "a sign-in failed");
            api.limits.failed_sign_ins.take(&client)?;
            Err(ApiError::Unauthorized("E-mail or password is wrong."))
        }
        Err(SignInError::TooManyAttempts { retry_after }) => Err(ApiError::TooMany { retry_after }),
        Err(SignInError::Hash(error)) => Err(error.into()),
        Err(SignInError::Catalog(error)) => Err(error.into()),
    }
}

/// Renews the session by its cookie. Each refresh token is good for one renewal.
#[utoipa::path(
    post, path = "/api/sessions/refresh", tag = "sessions", operation_id = "refreshSession",
    responses(
        (status = 200, body = SessionResponse),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn refresh(
    State(api): State<SharedApi>,
    client: Client,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    const ENDED: ApiError = ApiError::Unauthorized("Please sign in.");
    let token = REFRESH.read(&headers, api.is_https()).ok_or(ENDED)?;
    api.limits.failed_sign_ins.look(&client)?;

    match refresh_session(&api.app, token).await {
        Ok(signed_in) => session(&api, &signed_in),
        Err(RefreshError::Invalid) => {
            api.limits.failed_sign_ins.take(&client)?;
            Err(ENDED)
        }
        Err(RefreshError::Catalog(error)) => Err(error.into()),
    }
}

/// Signs out: ends the session of the cookie and of the access token, and takes the cookies away.
#[utoipa::path(
    delete, path = "/api/sessions/current", tag = "sessions", operation_id = "signOut",
    responses((status = 204)),
)]
pub async fn delete_current(
    State(api): State<SharedApi>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(token) = REFRESH.read(&headers, api.is_https()) {
        sign_out(&api.app, token).await?;
    }
    if let Some(token) = bearer_token(&headers)
        && let Some(current) = api.identity.holder(Purpose::Access, token).await?
    {
        end_session(&api.app, current.session).await?;
        api.identity.forget(current.session);
        api.hub.close_session(current.session).await;
    }

    let gone = [REFRESH, DASHBOARD].map(|cookie| set_cookie(cookie.clear(api.is_https())));
    Ok((StatusCode::NO_CONTENT, AppendHeaders(gone)).into_response())
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/me", tag = "sessions", operation_id = "getMe", security(("bearer" = [])),
    responses(
        (status = 200, body = UserResponse),
        (status = 401, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn me(CurrentUser(user): CurrentUser) -> Json<UserResponse> {
    Json(UserResponse::from(&user))
}

fn session(api: &Api, signed_in: &SignedIn) -> Result<Response, ApiError> {
    let token = |purpose| {
        let issued = api
            .identity
            .issue(purpose, &signed_in.user, signed_in.session);
        issued.map_err(ApiError::Internal)
    };
    let body = SessionResponse {
        access_token: token(Purpose::Access)?,
        token_type: "Bearer".to_owned(),
        expires_in: Purpose::Access.lifetime_seconds(),
        user: UserResponse::from(&signed_in.user),
    };

    let seconds_left = signed_in.expires_at.as_second() - Timestamp::now().as_second();
    let refresh = REFRESH.set(
        signed_in.refresh_token.expose(),
        seconds_left,
        api.is_https(),
    );
    let seconds = Purpose::Dashboard.lifetime_seconds();
    let dashboard = DASHBOARD.set(&token(Purpose::Dashboard)?, seconds, api.is_https());
    let cookies = AppendHeaders([refresh, dashboard].map(set_cookie));
    Ok((cookies, Json(body)).into_response())
}

fn set_cookie(cookie: HeaderValue) -> (HeaderName, HeaderValue) {
    (SET_COOKIE, cookie)
}
