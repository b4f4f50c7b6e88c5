use domain::{Origin, RequestKey, Tenant, TenantId, UserId};

use super::request::{REGISTER_FIELDS, TenantRequest, waiting_tenant};
use crate::jobs::ProvisionTenant;
use crate::ports::{Added, CatalogError, EnqueueError, Transaction};
use crate::{App, InvalidFields};

/// What a Super Admin fills in.
#[derive(Debug, Clone, Default)]
pub struct RegisterTenant {
    pub name: String,
    /// Made from the name when absent.
    pub slug: Option<String>,
    pub admin_email: String,
    /// Makes a repeat harmless: the same key leads to the same tenant.
    pub request_key: Option<RequestKey>,
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterTenantError {
    #[error(transparent)]
    Invalid(#[from] InvalidFields),
    #[error("this slug is taken")]
    SlugTaken,
    /// The key was sent before, with another tenant.
    #[error("this idempotency key belongs to another request")]
    RequestKeyReused,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
}

/// Notes the tenant and starts its provisioning in the background.
pub async fn register_tenant(
    app: &App,
    requested_by: UserId,
    request: RegisterTenant,
) -> Result<Tenant, RegisterTenantError> {
    let wanted = TenantRequest::parse(
        &REGISTER_FIELDS,
        &request.name,
        request.slug.as_deref(),
        &request.admin_email,
    )?;
    let mut transaction = app.catalog.begin().await?;

    let id = TenantId::random();
    let origin = Origin::Admin {
        requested_by,
        request_key: request.request_key.clone(),
    };
    let job = transaction
        .jobs()
        .enqueue(&ProvisionTenant { tenant: id })
        .await?;
    let tenant = waiting_tenant(app, id, wanted.clone(), origin, job);

    match (
        transaction.tenants().add(&tenant).await?,
        request.request_key,
    ) {
        (Added::Yes, _) => {}
        (Added::RequestKeyUsed, Some(key)) => {
            return same_tenant(&mut *transaction, requested_by, &key, &wanted).await;
        }
        (Added::SlugTaken | Added::RequestKeyUsed, _) => {
            return Err(RegisterTenantError::SlugTaken);
        }
    }
    transaction.commit().await?;

    app.notifier.tenant_changed(&tenant).await;
    Ok(tenant)
}

/// The tenant that the first request with this key has made, if it asked for the same.
async fn same_tenant(
    transaction: &mut dyn Transaction,
    requested_by: UserId,
    key: &RequestKey,
    wanted: &TenantRequest,
) -> Result<Tenant, RegisterTenantError> {
    let first = transaction
        .tenants()
        .find_by_request(requested_by, key)
        .await?;
    first
        .filter(|first| {
            first.name == wanted.name
                && first.slug == wanted.slug
                && first.admin_email == wanted.admin_email
        })
        .ok_or(RegisterTenantError::RequestKeyReused)
}
