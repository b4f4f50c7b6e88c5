use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{NotificationId, TenantId, UserId};
use crate::tenant::Tenant;

/// Something a user is told, once: it waits in their inbox and is shown at once if they are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub id: NotificationId,
    pub user_id: UserId,
    pub kind: NotificationKind,
    pub message: String,
    pub tenant_id: TenantId,
    /// What it is about, once: two notifications of a user never have the same.
    pub occasion: String,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationKind {
    TenantReady,
    TenantWillRetry,
    TenantFailed,
}

/// How a notification looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    Success,
    Info,
    Error,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Info => "Info",
            Self::Error => "Error",
        }
    }
}

impl NotificationKind {
    pub const ALL: [Self; 3] = [Self::TenantReady, Self::TenantWillRetry, Self::TenantFailed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::TenantReady => "TenantReady",
            Self::TenantWillRetry => "TenantWillRetry",
            Self::TenantFailed => "TenantFailed",
        }
    }

    pub const fn severity(self) -> Severity {
        match self {
            Self::TenantReady => Severity::Success,
            Self::TenantWillRetry => Severity::Info,
            Self::TenantFailed => Severity::Error,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of notification")]
pub struct UnknownNotificationKind(String);

impl FromStr for NotificationKind {
    type Err = UnknownNotificationKind;

    fn from_str(text: &str) -> Result<Self, UnknownNotificationKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownNotificationKind(text.to_owned()))
    }
}

impl Notification {
    /// What `user` is told about `tenant` as it is now.
    pub fn about(tenant: &Tenant, kind: NotificationKind, user: UserId, now: Timestamp) -> Self {
        Self {
            id: NotificationId(Uuid::now_v7()),
            user_id: user,
            kind,
            message: message(tenant, kind),
            tenant_id: tenant.id,
            occasion: format!("{}:{}:{}", kind.name(), tenant.id, tenant.round),
            created_at: now,
            read_at: None,
        }
    }
}

fn message(tenant: &Tenant, kind: NotificationKind) -> String {
    let name = &tenant.name;
    let reason = tenant.error.as_deref().unwrap_or("the reason is not known");
    match kind {
        NotificationKind::TenantReady => {
            format!("Tenant {name} has been successfully provisioned.")
        }
        NotificationKind::TenantWillRetry => {
            format!("Tenant {name} could not be provisioned yet and will be retried: {reason}")
        }
        NotificationKind::TenantFailed => {
            format!("Tenant {name} could not be provisioned: {reason}")
        }
    }
}
