//! What is done with tenants.

pub mod register_tenant;
pub mod retry_tenant;

mod list_tenants;

mod check_slug;

mod tenant_home;

mod request;

pub use check_slug::{CheckSlugError, check_slug};
pub use list_tenants::{find_tenant, list_tenants};
pub use register_tenant::{RegisterTenant, RegisterTenantError, register_tenant};
pub use retry_tenant::{RetryTenantError, retry_tenant};
pub use tenant_home::{TenantHomeError, tenant_home};

pub(crate) use request::{SIGN_UP_FIELDS, TenantRequest, waiting_tenant};
