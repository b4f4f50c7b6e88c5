use domain::{Tenant, TenantId};

use crate::App;
use crate::ports::{CatalogError, TenantPage, TenantQuery};

/// The tenants, newest first, page by page.
pub async fn list_tenants(app: &App, query: &TenantQuery) -> Result<TenantPage, CatalogError> {
    app.catalog.read().await?.tenants().list(query).await
}

pub async fn find_tenant(app: &App, id: TenantId) -> Result<Option<Tenant>, CatalogError> {
    app.catalog.read().await?.tenants().find(id).await
}
