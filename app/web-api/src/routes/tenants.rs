use application::ports::TenantQuery;
use application::tenants::{
    RegisterTenant, RegisterTenantError, RetryTenantError, find_tenant, list_tenants,
    register_tenant, retry_tenant,
};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::{Origin, RequestKey, Status, StepProgress, Tenant, TenantId};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

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

/// A tenant whose provisioning goes on in the background.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AcceptedTenant)]
pub struct AcceptedTenantResponse {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status: TenantStatus,
    pub job_id: Uuid,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tenant)]
pub struct TenantResponse {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub admin_email: String,
    pub status: TenantStatus,
    /// Why the last attempt failed.
    #[schema(required)]
    pub error: Option<String>,
    pub steps: Vec<StepResponse>,
    pub job_id: Uuid,
    /// Which attempt was started last; 0 before the first.
    pub attempt: u32,
    pub max_attempts: u32,
    /// When it is tried again by itself.
    #[schema(required)]
    pub next_attempt_at: Option<Timestamp>,
    pub origin: TenantOrigin,
    /// Rises with each change.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[schema(required)]
    pub activated_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TenantStatus {
    Pending,
    Provisioning,
    Active,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TenantOrigin {
    Admin,
    SignUp,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantStep)]
pub struct StepResponse {
    /// For example `create_database`.
    pub key: String,
    /// For example `Create database`.
    pub title: String,
    pub state: StepState,
    #[schema(required)]
    pub started_at: Option<Timestamp>,
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TenantStepState)]
pub enum StepState {
    Waiting,
    Running,
    Done,
    Failed,
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

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantPage)]
pub struct TenantPageResponse {
    pub items: Vec<TenantResponse>,
    pub page: u32,
    pub page_size: u32,
    /// Of all pages.
    pub total: u64,
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
        accepted(tenant),
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
    params(("id" = Uuid, Path)),
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
    params(("id" = Uuid, Path)),
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
    Ok((StatusCode::ACCEPTED, accepted(tenant)).into_response())
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

fn accepted(tenant: Tenant) -> Json<AcceptedTenantResponse> {
    Json(AcceptedTenantResponse {
        id: tenant.id.0,
        slug: tenant.slug.to_string(),
        name: tenant.name.to_string(),
        status: tenant.status.into(),
        job_id: tenant.job_id,
    })
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

impl From<Tenant> for TenantResponse {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id.0,
            slug: tenant.slug.to_string(),
            name: tenant.name.to_string(),
            admin_email: tenant.admin_email.to_string(),
            status: tenant.status.into(),
            error: tenant.error,
            steps: tenant.steps.iter().map(Into::into).collect(),
            job_id: tenant.job_id,
            attempt: tenant.attempt,
            max_attempts: tenant.max_attempts,
            next_attempt_at: tenant.next_attempt_at,
            origin: match tenant.origin {
                Origin::Admin { .. } => TenantOrigin::Admin,
                Origin::SignUp => TenantOrigin::SignUp,
            },
            version: tenant.version,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
            activated_at: tenant.activated_at,
        }
    }
}

impl From<&StepProgress> for StepResponse {
    fn from(progress: &StepProgress) -> Self {
        Self {
            key: progress.step.key().to_owned(),
            title: progress.step.title().to_owned(),
            state: match progress.state {
                domain::StepState::Waiting => StepState::Waiting,
                domain::StepState::Running { .. } => StepState::Running,
                domain::StepState::Done { .. } => StepState::Done,
                domain::StepState::Failed { .. } => StepState::Failed,
            },
            started_at: progress.state.started_at(),
            finished_at: progress.state.finished_at(),
        }
    }
}

impl From<Status> for TenantStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Provisioning => Self::Provisioning,
            Status::Active => Self::Active,
            Status::Failed => Self::Failed,
        }
    }
}

impl From<TenantStatus> for Status {
    fn from(status: TenantStatus) -> Self {
        match status {
            TenantStatus::Pending => Self::Pending,
            TenantStatus::Provisioning => Self::Provisioning,
            TenantStatus::Active => Self::Active,
            TenantStatus::Failed => Self::Failed,
        }
    }
}
