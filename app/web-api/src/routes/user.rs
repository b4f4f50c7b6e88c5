use domain::{Role, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Someone who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserResponse {
    pub id: Uuid,
    pub email: String,
    pub display_name: String,
    pub roles: Vec<RoleName>,
    /// The tenant they own.
    #[schema(required)]
    pub tenant_id: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Role)]
pub enum RoleName {
    SuperAdmin,
    TenantOwner,
}

impl From<&User> for UserResponse {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.to_string(),
            display_name: user.display_name.clone(),
            roles: user.roles().into_iter().map(RoleName::from).collect(),
            tenant_id: user.tenant_id.map(|tenant| tenant.0),
        }
    }
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::SuperAdmin => Self::SuperAdmin,
            Role::TenantOwner => Self::TenantOwner,
        }
    }
}
