use domain::{Notification, NotificationKind, Status, Tenant, TenantId};
use job_engine::{Failure, JobError};

use crate::App;
use crate::ports::SaveError;

/// Someone else may store the tenant at the same moment, but not for ever.
const TRIES: usize = 3;

/// An attempt to provision the tenant failed: its status says so, and at the first failure the
/// one who asked for it is told that it will be tried again.
pub async fn note_failure(app: &App, id: TenantId, failure: &Failure) -> Result<(), JobError> {
    // Of the last one, `give_up` tells.
    let kind = failure.retry_in.map(|_| NotificationKind::TenantWillRetry);
    store(app, id, failure, kind).await
}

/// No attempt is left: the tenant rests as `Failed`, and the one who asked for it is told why.
pub async fn give_up(app: &App, id: TenantId, failure: &Failure) -> Result<(), JobError> {
    let kind = Some(NotificationKind::TenantFailed);
    store(app, id, failure, kind).await
}

async fn store(
    app: &App,
    id: TenantId,
    failure: &Failure,
    kind: Option<NotificationKind>,
) -> Result<(), JobError> {
    for _ in 0..TRIES {
        let found = app.catalog.read().await?.tenants().find(id).await?;
        let Some(tenant) = found.filter(|tenant| !tenant.is_active()) else {
            return Ok(());
        };
        match store_as(app, tenant, failure, kind).await {
            Err(SaveError::Stale) => {}
            Err(SaveError::Catalog(error)) => return Err(error.into()),
            Ok(()) => return Ok(()),
        }
    }
    Err(SaveError::Stale.into())
}

/// The status and what is told about it: both or neither.
async fn store_as(
    app: &App,
    mut tenant: Tenant,
    failure: &Failure,
    kind: Option<NotificationKind>,
) -> Result<(), SaveError> {
    let now = app.clock.now();
    let mut transaction = app.catalog.begin().await?;
    if !is_noted(&tenant, failure) {
        let next_attempt_at = failure.retry_in.map(|delay| now + delay);
        tenant.attempt = failure.attempt;
        tenant.max_attempts = failure.max_attempts;
        if tenant
            .fail(failure.message.clone(), next_attempt_at, now)
            .is_err()
        {
            return Ok(());
        }
        transaction.tenants().save(&mut tenant).await?;
    }
    let mut told = None;
    if let (Some(kind), Some(user)) = (kind, tenant.requested_by()) {
        let notification = Notification::about(&tenant, kind, user, now);
        let is_new = transaction.notifications().add(&notification).await?;
        told = is_new.then_some(notification);
    }
    transaction.commit().await?;

    app.notifier.tenant_changed(&tenant).await;
    if let Some(notification) = &told {
        app.notifier.notify(notification).await;
    }
    Ok(())
}

/// Whether this failure, or its end, was stored before; both hooks may run twice.
fn is_noted(tenant: &Tenant, failure: &Failure) -> bool {
    tenant.status == Status::Failed
        && tenant.attempt == failure.attempt
        && tenant.next_attempt_at.is_some() == failure.retry_in.is_some()
}
