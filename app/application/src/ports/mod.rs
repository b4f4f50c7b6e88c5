//! Everything the product needs from the outside world.
//!
//! `infrastructure` has an adapter for each trait but [`Notifier`], which `web-api` has; `testing`
//! has a fake for each.

mod catalog;
mod mail;
mod secrets;
mod tenant_databases;

use async_trait::async_trait;
use domain::{Notification, Tenant};
use jiff::Timestamp;
use job_engine::{JobId, State, StorageError};

pub use catalog::{
    Added, BackgroundJobs, Catalog, CatalogError, EnqueueError, NotificationQuery, Notifications,
    OneTimeLinks, Records, RefreshToken, SaveError, Session, SessionId, Sessions, SignInFailures,
    SignInTrouble, TenantPage, TenantQuery, Tenants, Transaction, Users,
};
pub use mail::{Mail, MailError, MailId, Mailbox, MailboxError, Mailer, StoredMail};
pub use secrets::{HashError, PasswordHash, PasswordHasher, Token, TokenHash, Tokens, Verdict};
pub use tenant_databases::{
    DatabaseLocation, Setting, TenantDatabase, TenantDatabaseError, TenantDatabases, TenantHome,
    TenantOwner, TenantRole,
};

/// Tells who is connected at this moment. What must not be missed is stored as well, so nothing
/// is reported when it does not arrive.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Shows a notification, which was stored, to its user: wherever they are connected, or as soon as
    /// they are.
    async fn notify(&self, notification: &Notification);

    /// Tells every Super Admin that there is something newer to read about the tenant.
    async fn tenant_changed(&self, tenant: &Tenant);
}

/// What people may do with a background job that is already stored.
#[async_trait]
pub trait JobControl: Send + Sync {
    /// In which state it is; `None` when it is gone.
    async fn state(&self, job: JobId) -> Result<Option<State>, StorageError>;

    /// Lets it start again from its first attempt.
    async fn requeue(&self, job: JobId, reason: &str) -> Result<(), StorageError>;
}

/// The only source of "now".
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}
