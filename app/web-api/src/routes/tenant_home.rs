use application::ports::TenantHome;
use application::tenants::{TenantHomeError, tenant_home};
use axum::Json;
use axum::extract::State;
use domain::Tenant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::tenants::TenantStatus;
use crate::api::SharedApi;
use crate::current_user::TenantOwner;
use crate::error::{ApiError, FieldErrors, Problem};

/// A tenant as its owner sees it, read from its own database.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantHome)]
pub struct TenantHomeResponse {
    pub tenant: OwnTenant,
    pub owner: OwnerResponse,
    pub roles: Vec<TenantRoleResponse>,
    pub settings: Vec<TenantSetting>,
    pub database: TenantDatabase,
    pub created_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnTenant {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status: TenantStatus,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantOwner)]
pub struct OwnerResponse {
    pub email: String,
    pub display_name: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = TenantRole)]
pub struct TenantRoleResponse {
    pub name: String,
    pub description: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TenantSetting {
    pub key: String,
    pub value: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TenantDatabase {
    /// `SQLite` or `PostgreSQL`.
    pub engine: String,
    pub name: String,
}

/// One's own tenant. Which one that is, the session says.
#[utoipa::path(
    get, path = "/api/tenant", tag = "tenant", operation_id = "getTenantHome",
    security(("bearer" = [])),
    responses(
        (status = 200, body = TenantHomeResponse),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get(
    State(api): State<SharedApi>,
    TenantOwner(user): TenantOwner,
) -> Result<Json<TenantHomeResponse>, ApiError> {
    let (tenant, home) = tenant_home(&api.app, &user).await?;
    Ok(Json(TenantHomeResponse::of(&tenant, home)))
}

impl TenantHomeResponse {
    fn of(tenant: &Tenant, home: TenantHome) -> Self {
        let role = |role: application::ports::TenantRole| TenantRoleResponse {
            name: role.name,
            description: role.description,
        };
        let setting = |setting: application::ports::Setting| TenantSetting {
            key: setting.key,
            value: setting.value,
        };
        Self {
            tenant: OwnTenant {
                id: tenant.id.0,
                slug: tenant.slug.to_string(),
                name: tenant.name.to_string(),
                status: tenant.status.into(),
            },
            owner: OwnerResponse {
                email: home.owner.email.to_string(),
                display_name: home.owner.display_name,
            },
            roles: home.roles.into_iter().map(role).collect(),
            settings: home.settings.into_iter().map(setting).collect(),
            database: TenantDatabase {
                engine: home.database.engine.to_owned(),
                name: home.database.name,
            },
            created_at: home.created_at,
        }
    }
}

impl From<TenantHomeError> for ApiError {
    fn from(error: TenantHomeError) -> Self {
        match error {
            TenantHomeError::NoTenant => Self::Forbidden("This is for the owner of a tenant."),
            TenantHomeError::NotReady => Self::Conflict {
                detail: "The tenant is not ready yet.".to_owned(),
                errors: FieldErrors::default(),
            },
            TenantHomeError::Catalog(error) => error.into(),
            TenantHomeError::Database(error) => Self::Down(error.into()),
        }
    }
}
