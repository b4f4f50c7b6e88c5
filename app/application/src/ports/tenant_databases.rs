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
#[async_trait]
pub trait TenantDatabases: Send + Sync {
    /// Makes the tenant's database unless it is there.
    async fn create(&self, tenant: TenantId) -> Result<(), TenantDatabaseError>;

    /// Connects to the tenant's database, which is there.
    async fn open(&self, tenant: TenantId) -> Result<Box<dyn TenantDatabase>, TenantDatabaseError>;
}

/// One tenant's database.
///
/// Whatever is done here can be done again, and goes on where it was interrupted.
#[async_trait]
pub trait TenantDatabase: Send {
    /// Brings its tables up to date.
    async fn migrate(&mut self) -> Result<(), TenantDatabaseError>;

    /// Fills in what every tenant starts with.
    async fn seed(&mut self, tenant: &Tenant) -> Result<(), TenantDatabaseError>;

    /// Makes this person its owner, unless it has one.
    async fn create_owner(&mut self, owner: &TenantOwner) -> Result<(), TenantDatabaseError>;

    /// Reads what is in it.
    async fn read_home(&mut self) -> Result<TenantHome, TenantDatabaseError>;

    /// Says goodbye to the server. To drop it does no harm, but leaves the server to find out.
    async fn close(self: Box<Self>);
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
