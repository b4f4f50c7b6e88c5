use domain::{Status, Tenant, TenantId, User};
use job_engine::{JobId, State, StorageError};

use crate::App;
use crate::jobs::ProvisionTenant;
use crate::ports::{CatalogError, EnqueueError, SaveError};

#[derive(Debug, thiserror::Error)]
pub enum RetryTenantError {
    #[error("there is no such tenant")]
    NotFound,
    #[error("the tenant is active already")]
    AlreadyActive,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Jobs(#[from] StorageError),
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
}

/// Lets a tenant be provisioned again, from the first step. Asking twice does no harm: while its
/// job waits or runs, nothing changes.
///
/// A tenant says that it failed a moment before its job's outcome is stored. A job that still runs
/// then is at its end, and takes nothing with it when it is requeued.
pub async fn retry_tenant(
    app: &App,
    asked_by: &User,
    id: TenantId,
) -> Result<Tenant, RetryTenantError> {
    let tenant = find(app, id).await?;
    if tenant.is_active() {
        return Err(RetryTenantError::AlreadyActive);
    }

    let job = JobId(tenant.job_id);
    match app.job_control.state(job).await? {
        Some(State::Enqueued) => Ok(tenant),
        Some(State::Processing) if tenant.status != Status::Failed => Ok(tenant),
        Some(_) => {
            let reason = format!("Retried by {}", asked_by.email);
            app.job_control.requeue(job, &reason).await?;
            wait_again(app, tenant, Wait::ForSameJob).await
        }
        None => wait_again(app, tenant, Wait::ForAnotherJob).await,
    }
}

/// For which job a tenant waits that is tried again.
enum Wait {
    ForSameJob,
    /// The first one was removed.
    ForAnotherJob,
}

/// Notes that the tenant waits. If a worker was faster, what it has noted stands.
async fn wait_again(app: &App, mut tenant: Tenant, wait: Wait) -> Result<Tenant, RetryTenantError> {
    let mut transaction = app.catalog.begin().await?;
    if let Wait::ForAnotherJob = wait {
        let job = ProvisionTenant { tenant: tenant.id };
        tenant.job_id = transaction.jobs().enqueue(&job).await?.0;
    }
    if tenant.wait_again(app.clock.now()).is_err() {
        return Err(RetryTenantError::AlreadyActive);
    }

    match transaction.tenants().save(&mut tenant).await {
        Ok(()) => {}
        Err(SaveError::Stale) => return find(app, tenant.id).await,
        Err(SaveError::Catalog(error)) => return Err(error.into()),
    }
    transaction.commit().await?;

    app.notifier.tenant_changed(&tenant).await;
    Ok(tenant)
}

async fn find(app: &App, id: TenantId) -> Result<Tenant, RetryTenantError> {
    let found = app.catalog.read().await?.tenants().find(id).await?;
    found.ok_or(RetryTenantError::NotFound)
}
