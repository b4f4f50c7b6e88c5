use std::sync::OnceLock;

use application::ports::Notifier;
use async_trait::async_trait;
use domain::{Notification, Tenant};
use serde::Serialize;
use signalr_hub::{HubContext, SendError};
use uuid::Uuid;

use super::notifications::SUPER_ADMINS;
use crate::routes::tenants::TenantStatus;

/// Speaks to those who are connected, through the hub. Until there is one, nobody is.
#[derive(Default)]
pub struct HubNotifier {
    hub: OnceLock<HubContext>,
}

/// There is something newer to read about a tenant.
#[derive(Debug, Serialize)]
struct TenantChanged {
    id: Uuid,
    version: i64,
    status: TenantStatus,
}

impl HubNotifier {
    /// From now on through this hub.
    pub fn attach(&self, hub: HubContext) {
        let is_first = self.hub.set(hub).is_ok();
        assert!(is_first, "a notifier speaks through one hub");
    }
}

#[async_trait]
impl Notifier for HubNotifier {
    async fn notify(&self, notification: &Notification) {
        let Some(hub) = self.hub.get() else {
            return;
        };
        let user = notification.user_id.to_string();
        report(hub.clients().deliver(&user).await);
    }

    async fn tenant_changed(&self, tenant: &Tenant) {
        let Some(hub) = self.hub.get() else {
            return;
        };
        let change = TenantChanged {
            id: tenant.id.0,
            version: tenant.version,
            status: tenant.status.into(),
        };

        let admins = hub.clients().group(SUPER_ADMINS);
        report(admins.send("TenantChanged", (change,)).await);
    }
}

/// What was not told now waits in the inbox.
fn report(sent: Result<(), SendError>) {
    if let Err(error) = sent {
        tracing::warn!(%error, "not everyone who is connected could be told");
    }
}
