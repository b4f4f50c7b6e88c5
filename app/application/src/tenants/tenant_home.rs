use domain::{Tenant, User};

use crate::App;
use crate::ports::{CatalogError, TenantDatabaseError, TenantHome};

#[derive(Debug, thiserror::Error)]
pub enum TenantHomeError {
    #[error("you do not own a tenant")]
    NoTenant,
    #[error("the tenant is not ready yet")]
    NotReady,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Database(#[from] TenantDatabaseError),
}

/// The user's own tenant and what is in its database. Which tenant, only the session says.
pub async fn tenant_home(app: &App, user: &User) -> Result<(Tenant, TenantHome), TenantHomeError> {
    let id = user.tenant_id.ok_or(TenantHomeError::NoTenant)?;
    let tenant = app
        .catalog
        .read()
        .await?
        .tenants()
        .find(id)
        .await?
        .ok_or(TenantHomeError::NoTenant)?;
    if !tenant.is_active() {
        return Err(TenantHomeError::NotReady);
    }

    let mut database = app.tenant_databases.open(id).await?;
    let home = database.read_home().await?;
    database.close().await;
    Ok((tenant, home))
}
