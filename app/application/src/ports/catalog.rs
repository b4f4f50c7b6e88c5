use async_trait::async_trait;
use domain::{
    EmailAddress, Notification, NotificationId, RequestKey, Slug, Status, Tenant, TenantId, User,
    UserId,
};
use jiff::Timestamp;
use job_engine::new_job::NewJobError;
use job_engine::{Job, JobId, NewJob};
use uuid::Uuid;

use super::secrets::{PasswordHash, TokenHash};

/// The one database of tenants, users, notifications and jobs.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// For reading: each question on its own.
    async fn read(&self) -> Result<Box<dyn Records>, CatalogError>;

    /// For changing: everything until `commit`, or nothing. Keep it short; others wait for it.
    async fn begin(&self) -> Result<Box<dyn Transaction>, CatalogError>;
}

/// What the catalogue holds, by topic.
pub trait Records: Send {
    fn tenants(&mut self) -> &mut dyn Tenants;
    fn users(&mut self) -> &mut dyn Users;
    fn sessions(&mut self) -> &mut dyn Sessions;
    fn one_time_links(&mut self) -> &mut dyn OneTimeLinks;
    fn sign_in_failures(&mut self) -> &mut dyn SignInFailures;
    fn notifications(&mut self) -> &mut dyn Notifications;
}

/// A change of several records and the jobs that follow from it: both or neither.
///
/// Dropped without `commit`, nothing has happened.
#[async_trait]
pub trait Transaction: Records {
    fn jobs(&mut self) -> &mut dyn BackgroundJobs;

    /// Makes it real, and wakes the workers if jobs were enqueued.
    async fn commit(self: Box<Self>) -> Result<(), CatalogError>;
}

/// The catalogue could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Trying again may help. The cause is for logs; it can name hosts and users.
    #[error("the catalogue did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be understood. Trying again will not help.
    #[error("the catalogue holds something unreadable: {0}")]
    Unreadable(String),
}

/// Starts work in the background.
#[async_trait]
pub trait BackgroundJobs: Send {
    async fn add(&mut self, job: NewJob) -> Result<(), CatalogError>;
}

#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    #[error(transparent)]
    Job(#[from] NewJobError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl dyn BackgroundJobs + '_ {
    /// Lets the job run as soon as the transaction is committed and a worker is free.
    pub async fn enqueue<J: Job>(&mut self, job: &J) -> Result<JobId, EnqueueError> {
        let job = NewJob::of(job)?;
        let id = job.id;
        self.add(job).await?;
        Ok(id)
    }
}

#[async_trait]
pub trait Tenants: Send {
    async fn add(&mut self, tenant: &Tenant) -> Result<Added, CatalogError>;

    async fn find(&mut self, id: TenantId) -> Result<Option<Tenant>, CatalogError>;

    async fn find_by_request(
        &mut self,
        requested_by: UserId,
        key: &RequestKey,
    ) -> Result<Option<Tenant>, CatalogError>;

    /// The tenant that someone with this address signed up for, if there is one.
    async fn find_sign_up(&mut self, email: &EmailAddress) -> Result<Option<Tenant>, CatalogError>;

    async fn is_slug_taken(&mut self, slug: &Slug) -> Result<bool, CatalogError>;

    /// Newest first.
    async fn list(&mut self, query: &TenantQuery) -> Result<TenantPage, CatalogError>;

    /// Stores the tenant as it is now and raises its version, unless someone else stored it since
    /// it was read.
    async fn save(&mut self, tenant: &mut Tenant) -> Result<(), SaveError>;

    /// Makes the user its owner, unless it has one. Answers who the owner is.
    async fn set_owner(&mut self, tenant: TenantId, owner: UserId) -> Result<UserId, CatalogError>;

    async fn owner(&mut self, tenant: TenantId) -> Result<Option<UserId>, CatalogError>;
}

/// What became of a tenant that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    Yes,
    SlugTaken,
    /// The same person has sent a request with this key before.
    RequestKeyUsed,
}

#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error("someone else changed the tenant at the same time")]
    Stale,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Which tenants to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantQuery {
    pub status: Option<Status>,
    /// Only those with this text in their name, slug or administrator's address.
    pub text: Option<String>,
    /// From 1.
    pub page: u32,
    pub page_size: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantPage {
    pub items: Vec<Tenant>,
    /// Of all pages.
    pub total: u64,
}

#[async_trait]
pub trait Users: Send {
    /// Adds someone who has no password yet. `false`: the address is known already.
    async fn add(&mut self, user: &User) -> Result<bool, CatalogError>;

    async fn find(&mut self, id: UserId) -> Result<Option<User>, CatalogError>;

    async fn find_by_email(&mut self, email: &EmailAddress) -> Result<Option<User>, CatalogError>;

    async fn has_super_admin(&mut self) -> Result<bool, CatalogError>;

    async fn make_super_admin(&mut self, id: UserId) -> Result<(), CatalogError>;

    async fn password(&mut self, id: UserId) -> Result<Option<PasswordHash>, CatalogError>;

    async fn set_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), CatalogError>;
}

/// The id of a session: from one sign-in to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub Uuid);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub started_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Session {
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// A refresh token as it is stored: good for one use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    pub session: Session,
    pub used_at: Option<Timestamp>,
}

#[async_trait]
pub trait Sessions: Send {
    async fn add(&mut self, session: &Session) -> Result<(), CatalogError>;

    async fn find(&mut self, id: SessionId) -> Result<Option<Session>, CatalogError>;

    async fn add_token(&mut self, session: SessionId, hash: &TokenHash)
    -> Result<(), CatalogError>;

    async fn find_token(&mut self, hash: &TokenHash) -> Result<Option<RefreshToken>, CatalogError>;

    /// `false`: it was used before.
    async fn use_token(&mut self, hash: &TokenHash, now: Timestamp) -> Result<bool, CatalogError>;

    async fn end(&mut self, id: SessionId, now: Timestamp) -> Result<(), CatalogError>;

    async fn end_all(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError>;

    /// Forgets the user's sessions that expired.
    async fn remove_expired(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError>;

    /// Forgets everybody's sessions that expired; how many.
    async fn remove_all_expired(&mut self, now: Timestamp) -> Result<u64, CatalogError>;
}

/// Links that let someone set their password, once.
#[async_trait]
pub trait OneTimeLinks: Send {
    /// Replaces whatever link the user had.
    async fn put(
        &mut self,
        user: UserId,
        hash: &TokenHash,
        expires_at: Timestamp,
    ) -> Result<(), CatalogError>;

    /// Whose link it is, while it can be used.
    async fn find(
        &mut self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, CatalogError>;

    /// Uses it up; `None` if it cannot be used any more.
    async fn redeem(
        &mut self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, CatalogError>;

    /// Forgets the links that were used or expired; how many.
    async fn remove_spent(&mut self, now: Timestamp) -> Result<u64, CatalogError>;
}

/// How often signing in with an address failed in a row, whether or not it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInTrouble {
    pub failures: u32,
    pub last_at: Timestamp,
}

#[async_trait]
pub trait SignInFailures: Send {
    async fn find(&mut self, email: &EmailAddress) -> Result<Option<SignInTrouble>, CatalogError>;

    async fn add(&mut self, email: &EmailAddress, now: Timestamp) -> Result<(), CatalogError>;

    async fn clear(&mut self, email: &EmailAddress) -> Result<(), CatalogError>;

    async fn remove_older_than(&mut self, time: Timestamp) -> Result<(), CatalogError>;
}

/// Which notifications of a user to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationQuery {
    pub user: UserId,
    pub unread_only: bool,
    /// Continues after this one.
    pub after: Option<NotificationId>,
    pub limit: u32,
}

#[async_trait]
pub trait Notifications: Send {
    /// `false`: the user was told of this occasion already.
    async fn add(&mut self, notification: &Notification) -> Result<bool, CatalogError>;

    /// Newest first.
    async fn list(&mut self, query: &NotificationQuery) -> Result<Vec<Notification>, CatalogError>;

    async fn unread_count(&mut self, user: UserId) -> Result<u64, CatalogError>;

    /// `false`: the user has no such notification.
    async fn mark_read(
        &mut self,
        user: UserId,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<bool, CatalogError>;

    async fn mark_all_read(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError>;

    /// Up to which number a page of the user's has them; 0 at first.
    async fn delivered(&mut self, user: UserId) -> Result<u64, CatalogError>;

    /// Those with higher numbers, lowest first. A user's notifications are numbered in the order in
    /// which they were committed.
    async fn after(
        &mut self,
        user: UserId,
        number: u64,
        limit: u32,
    ) -> Result<Vec<(u64, Notification)>, CatalogError>;

    /// A lower number than before changes nothing.
    async fn mark_delivered(&mut self, user: UserId, up_to: u64) -> Result<(), CatalogError>;

    /// Who has some that were not delivered, and the number of the newest.
    async fn undelivered(&mut self) -> Result<Vec<(UserId, u64)>, CatalogError>;
}
