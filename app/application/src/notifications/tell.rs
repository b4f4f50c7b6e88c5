use domain::TenantId;

use crate::App;
use crate::ports::CatalogError;

/// Shows what was stored about a tenant to those who are connected, and notes that it was shown.
///
/// A process that dies in between leaves the rest to the next run of the job.
pub async fn tell_waiting(app: &App, tenant: TenantId) -> Result<(), CatalogError> {
    let mut records = app.catalog.read().await?;
    let waiting = records.notifications().waiting(tenant).await?;
    drop(records);
    if waiting.is_empty() {
        return Ok(());
    }

    for notification in &waiting {
        app.notifier.notify(notification).await;
    }
    let mut transaction = app.catalog.begin().await?;
    for notification in &waiting {
        let now = app.clock.now();
        let notifications = transaction.notifications();
        notifications.mark_pushed(notification.id, now).await?;
    }
    transaction.commit().await
}
