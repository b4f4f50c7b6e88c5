mod response;

use application::ports::TenantQuery;
use application::tenants::{
    RegisterTenant, RegisterTenantError, RetryTenantError, find_tenant, list_tenants,
    register_tenant, retry_tenant,
};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::{RequestKey, TenantId};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

pub use self::response::{
    AcceptedTenantResponse, TenantPageResponse, TenantResponse, TenantStatus,
};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, FieldErrors, Problem};
use crate::json_body::JsonBody;
use crate::parameters::{Id, QueryParameters};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterTenantRequest {
    pub name: String,
    /// Made from the name when absent.
    pub slug: Option<String>,
    pub admin_email: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListTenantsQuery {
    pub status: Option<TenantStatus>,
    /// A part of the name, the slug or the administrator's address.
    pub q: Option<String>,
    /// From 1, which is the default.
    pub page: Option<u32>,
    /// 1 to 100. Default 20.
    pub page_size: Option<u32>,
}

/// Notes a tenant and starts its provisioning in the background.
#[utoipa::path(
    post, path = "/api/tenants", tag = "tenants", operation_id = "registerTenant",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Makes a repeat harmless: the same key leads to the same tenant.")),
    request_body = RegisterTenantRequest,
    responses(
        (status = 202, body = AcceptedTenantResponse, headers(("Location" = String))),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    headers: HeaderMap,
    JsonBody(request): JsonBody<RegisterTenantRequest>,
) -> Result<Response, ApiError> {
    let request = RegisterTenant {
        name: request.name,
        slug: request.slug,
        admin_email: request.admin_email,
        request_key: idempotency_key(&headers)?,
    };
    let tenant = register_tenant(&api.app, user.id, request).await?;

    let location = format!("/api/tenants/{}", tenant.id);
    Ok((
        StatusCode::ACCEPTED,
        [(LOCATION, location)],
        Json(AcceptedTenantResponse::from(tenant)),
    )
        .into_response())
}

/// The tenants, newest first.
#[utoipa::path(
    get, path = "/api/tenants", tag = "tenants", operation_id = "listTenants",
    security(("bearer" = [])),
    params(ListTenantsQuery),
    responses(
        (status = 200, body = TenantPageResponse),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    QueryParameters(query): QueryParameters<ListTenantsQuery>,
) -> Result<Json<TenantPageResponse>, ApiError> {
    let query = query.parse()?;
    let found = list_tenants(&api.app, &query).await?;
    Ok(Json(TenantPageResponse {
        items: found.items.into_iter().map(Into::into).collect(),
        page: query.page,
        page_size: query.page_size,
        total: found.total,
    }))
}

/// One tenant, and how far its provisioning is.
#[utoipa::path(
    get, path = "/api/tenants/{id}", tag = "tenants", operation_id = "getTenant",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, body = TenantResponse),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    Id(id): Id,
) -> Result<Json<TenantResponse>, ApiError> {
    let tenant = find_tenant(&api.app, TenantId(id))
        .await?
        .ok_or(NO_TENANT)?;
    Ok(Json(tenant.into()))
}

/// Provisions a tenant again. While its job waits or runs, nothing changes.
#[utoipa::path(
    post, path = "/api/tenants/{id}/retry", tag = "tenants", operation_id = "retryTenant",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 202, body = AcceptedTenantResponse),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn retry(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Id(id): Id,
) -> Result<Response, ApiError> {
    let tenant = retry_tenant(&api.app, &user, TenantId(id)).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(AcceptedTenantResponse::from(tenant)),
    )
        .into_response())
}

const NO_TENANT: ApiError = ApiError::NotFound("There is no such tenant.");
const LARGEST_PAGE: u32 = 100;

fn idempotency_key(headers: &HeaderMap) -> Result<Option<RequestKey>, ApiError> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = key.to_str().unwrap_or_default().parse::<RequestKey>();
    key.map(Some)
        .map_err(|error| ApiError::invalid("Idempotency-Key", error.to_string()))
}

impl ListTenantsQuery {
    fn parse(self) -> Result<TenantQuery, ApiError> {
        let page = self.page.unwrap_or(1);
        let page_size = self.page_size.unwrap_or(20);
        if page == 0 {
            return Err(ApiError::invalid("page", "Pages are counted from 1."));
        }
        if !(1..=LARGEST_PAGE).contains(&page_size) {
            return Err(ApiError::invalid(
                "pageSize",
                "A page has 1 to 100 tenants.",
            ));
        }

        Ok(TenantQuery {
            status: self.status.map(Into::into),
            text: self.q.filter(|text| !text.trim().is_empty()),
            page,
            page_size,
        })
    }
}

impl From<RegisterTenantError> for ApiError {
    fn from(error: RegisterTenantError) -> Self {
        match error {
            RegisterTenantError::Invalid(fields) => fields.into(),
            RegisterTenantError::SlugTaken => slug_taken(),
            RegisterTenantError::RequestKeyReused => Self::KeyReused,
            RegisterTenantError::Catalog(error) => error.into(),
            RegisterTenantError::Enqueue(error) => error.into(),
        }
    }
}

impl From<RetryTenantError> for ApiError {
    fn from(error: RetryTenantError) -> Self {
        match error {
            RetryTenantError::NotFound => NO_TENANT,
            RetryTenantError::AlreadyActive => Self::Conflict {
                detail: "The tenant is active already.".to_owned(),
                errors: FieldErrors::default(),
            },
            RetryTenantError::Catalog(error) => error.into(),
            RetryTenantError::Jobs(error) => Self::Down(error.into()),
            RetryTenantError::Enqueue(error) => error.into(),
        }
    }
}

pub fn slug_taken() -> ApiError {
    const TAKEN: &str = "This slug is taken.";
    ApiError::Conflict {
        detail: TAKEN.to_owned(),
        errors: FieldErrors::of("slug", TAKEN),
    }
}
