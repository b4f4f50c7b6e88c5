use async_trait::async_trait;
use domain::{EmailAddress, Tenant, TenantId, UserId};
use jiff::Timestamp;

/// A tenant's own database could not be made, filled or read.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TenantDatabaseError {
    /// For people: it holds no address and no secret.
    pub message: String,
    /// For logs.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The databases of the tenants, one each.
///
/// Whatever is done here can be done again, and goes on where it was interrupted.
#[async_trait]
pub trait TenantDatabases: Send + Sync {
    /// Makes the tenant's database unless it is there.
    async fn create(&self, tenant: TenantId) -> Result<(), TenantDatabaseError>;

    /// Brings its tables up to date.
    async fn migrate(&self, tenant: TenantId) -> Result<(), TenantDatabaseError>;

    /// Fills in what every tenant starts with.
    async fn seed(&self, tenant: &Tenant) -> Result<(), TenantDatabaseError>;

    /// Makes this person its owner, unless it has one.
    async fn create_owner(
        &self,
        tenant: TenantId,
        owner: &TenantOwner,
    ) -> Result<(), TenantDatabaseError>;

    /// Reads what is in it.
    async fn read_home(&self, tenant: TenantId) -> Result<TenantHome, TenantDatabaseError>;
}

/// The owner, as the tenant's database knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantOwner {
    pub user_id: UserId,
    pub email: EmailAddress,
    pub display_name: String,
}

/// What a tenant's owner sees of their database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantHome {
    pub owner: TenantOwner,
    pub roles: Vec<TenantRole>,
    pub settings: Vec<Setting>,
    pub database: DatabaseLocation,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRole {
    pub name: String,
    pub description: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseLocation {
    /// `SQLite` or `PostgreSQL`.
    pub engine: &'static str,
    pub name: String,
}
