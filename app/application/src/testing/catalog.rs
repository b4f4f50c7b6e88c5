use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{
    EmailAddress, Notification, NotificationId, Origin, RequestKey, Slug, Tenant, TenantId, User,
    UserId,
};
use jiff::Timestamp;
use job_engine::NewJob;
use tokio::sync::OwnedMutexGuard;

use crate::ports::{
    Added, BackgroundJobs, Catalog, CatalogError, NotificationQuery, Notifications, OneTimeLinks,
    PasswordHash, Records, RefreshToken, SaveError, Session, SessionId, Sessions, SignInFailures,
    SignInTrouble, TenantPage, TenantQuery, Tenants, TokenHash, Transaction, Users,
};

/// A catalogue in memory. Its transactions come one after another.
#[derive(Debug, Default)]
pub struct FakeCatalog {
    state: Arc<Mutex<CatalogState>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// All that is stored.
#[derive(Debug, Clone, Default)]
pub struct CatalogState {
    pub tenants: Vec<Tenant>,
    pub owners: HashMap<TenantId, UserId>,
    pub users: Vec<User>,
    pub passwords: HashMap<UserId, PasswordHash>,
    pub sessions: Vec<Session>,
    pub tokens: HashMap<TokenHash, (SessionId, Option<Timestamp>)>,
    pub links: HashMap<UserId, StoredLink>,
    pub failures: HashMap<EmailAddress, SignInTrouble>,
    pub notifications: Vec<Notification>,
    pub pushed: Vec<NotificationId>,
    pub jobs: Vec<NewJob>,
}

#[derive(Debug, Clone)]
pub struct StoredLink {
    pub hash: TokenHash,
    pub expires_at: Timestamp,
    pub is_used: bool,
}

impl FakeCatalog {
    pub fn state(&self) -> CatalogState {
        let state = self.state.lock();
        state.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As if the process had died before it noted what it had shown.
    pub fn forget_pushes(&self) {
        let state = self.state.lock();
        state.unwrap_or_else(PoisonError::into_inner).pushed.clear();
    }
}

#[async_trait]
impl Catalog for FakeCatalog {
    async fn read(&self) -> Result<Box<dyn Records>, CatalogError> {
        Ok(Box::new(self.state()))
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, CatalogError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        Ok(Box::new(FakeTransaction {
            changed: self.state(),
            state: Arc::clone(&self.state),
            _turn: turn,
        }))
    }
}

/// Works on a copy.
struct FakeTransaction {
    changed: CatalogState,
    state: Arc<Mutex<CatalogState>>,
    _turn: OwnedMutexGuard<()>,
}

impl Records for FakeTransaction {
    fn tenants(&mut self) -> &mut dyn Tenants {
        &mut self.changed
    }

    fn users(&mut self) -> &mut dyn Users {
        &mut self.changed
    }

    fn sessions(&mut self) -> &mut dyn Sessions {
        &mut self.changed
    }

    fn one_time_links(&mut self) -> &mut dyn OneTimeLinks {
        &mut self.changed
    }

    fn sign_in_failures(&mut self) -> &mut dyn SignInFailures {
        &mut self.changed
    }

    fn notifications(&mut self) -> &mut dyn Notifications {
        &mut self.changed
    }
}

#[async_trait]
impl Transaction for FakeTransaction {
    fn jobs(&mut self) -> &mut dyn BackgroundJobs {
        &mut self.changed
    }

    async fn commit(self: Box<Self>) -> Result<(), CatalogError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = self.changed;
        Ok(())
    }
}

impl Records for CatalogState {
    fn tenants(&mut self) -> &mut dyn Tenants {
        self
    }

    fn users(&mut self) -> &mut dyn Users {
        self
    }

    fn sessions(&mut self) -> &mut dyn Sessions {
        self
    }

    fn one_time_links(&mut self) -> &mut dyn OneTimeLinks {
        self
    }

    fn sign_in_failures(&mut self) -> &mut dyn SignInFailures {
        self
    }

    fn notifications(&mut self) -> &mut dyn Notifications {
        self
    }
}

#[async_trait]
impl BackgroundJobs for CatalogState {
    async fn add(&mut self, job: NewJob) -> Result<(), CatalogError> {
        self.jobs.push(job);
        Ok(())
    }
}

#[async_trait]
impl Tenants for CatalogState {
    async fn add(&mut self, tenant: &Tenant) -> Result<Added, CatalogError> {
        if let Origin::Admin {
            requested_by,
            request_key: Some(key),
        } = &tenant.origin
            && self.find_by_request(*requested_by, key).await?.is_some()
        {
            return Ok(Added::RequestKeyUsed);
        }
        if self.is_slug_taken(&tenant.slug).await? {
            return Ok(Added::SlugTaken);
        }

        self.tenants.push(tenant.clone());
        Ok(Added::Yes)
    }

    async fn find(&mut self, id: TenantId) -> Result<Option<Tenant>, CatalogError> {
        Ok(self.tenants.iter().find(|it| it.id == id).cloned())
    }

    async fn find_by_request(
        &mut self,
        by: UserId,
        key: &RequestKey,
    ) -> Result<Option<Tenant>, CatalogError> {
        let wanted = Origin::Admin {
            requested_by: by,
            request_key: Some(key.clone()),
        };
        Ok(self.tenants.iter().find(|it| it.origin == wanted).cloned())
    }

    async fn find_sign_up(&mut self, email: &EmailAddress) -> Result<Option<Tenant>, CatalogError> {
        let mut tenants = self.tenants.iter();
        let found = tenants.find(|it| it.origin == Origin::SignUp && it.admin_email == *email);
        Ok(found.cloned())
    }

    async fn is_slug_taken(&mut self, slug: &Slug) -> Result<bool, CatalogError> {
        Ok(self.tenants.iter().any(|it| it.slug == *slug))
    }

    async fn list(&mut self, query: &TenantQuery) -> Result<TenantPage, CatalogError> {
        let text = query.text.as_deref().unwrap_or_default().to_lowercase();
        let found = self.tenants.iter().rev().filter(|it| {
            let searched = format!("{} {} {}", it.name, it.slug, it.admin_email).to_lowercase();
            query.status.is_none_or(|status| it.status == status) && searched.contains(&text)
        });
        let found: Vec<Tenant> = found.cloned().collect();
        let first = (query.page.max(1) - 1) as usize * query.page_size as usize;
        Ok(TenantPage {
            total: found.len() as u64,
            items: found
                .into_iter()
                .skip(first)
                .take(query.page_size as usize)
                .collect(),
        })
    }

    async fn save(&mut self, tenant: &mut Tenant) -> Result<(), SaveError> {
        let mut tenants = self.tenants.iter_mut();
        let stored = tenants.find(|it| it.id == tenant.id && it.version == tenant.version);
        let stored = stored.ok_or(SaveError::Stale)?;

        tenant.version += 1;
        stored.clone_from(tenant);
        Ok(())
    }

    async fn set_owner(&mut self, tenant: TenantId, owner: UserId) -> Result<UserId, CatalogError> {
        Ok(*self.owners.entry(tenant).or_insert(owner))
    }

    async fn owner(&mut self, tenant: TenantId) -> Result<Option<UserId>, CatalogError> {
        Ok(self.owners.get(&tenant).copied())
    }
}

impl CatalogState {
    /// With what other records say about them.
    fn complete(&self, user: &User) -> User {
        let mut owned: Vec<TenantId> = self.owners.keys().copied().collect();
        owned.retain(|tenant| self.owners[tenant] == user.id);
        User {
            tenant_id: owned.into_iter().min(),
            has_password: self.passwords.contains_key(&user.id),
            ..user.clone()
        }
    }
}

#[async_trait]
impl Users for CatalogState {
    async fn add(&mut self, user: &User) -> Result<bool, CatalogError> {
        let is_known = self.users.iter().any(|it| it.email == user.email);
        if !is_known {
            self.users.push(user.clone());
        }
        Ok(!is_known)
    }

    async fn find(&mut self, id: UserId) -> Result<Option<User>, CatalogError> {
        let user = self.users.iter().find(|it| it.id == id);
        Ok(user.map(|user| self.complete(user)))
    }

    async fn find_by_email(&mut self, email: &EmailAddress) -> Result<Option<User>, CatalogError> {
        let user = self.users.iter().find(|it| it.email == *email);
        Ok(user.map(|user| self.complete(user)))
    }

    async fn has_super_admin(&mut self) -> Result<bool, CatalogError> {
        Ok(self.users.iter().any(|it| it.is_super_admin))
    }

    async fn make_super_admin(&mut self, id: UserId) -> Result<(), CatalogError> {
        for user in self.users.iter_mut().filter(|it| it.id == id) {
            user.is_super_admin = true;
        }
        Ok(())
    }

    async fn password(&mut self, id: UserId) -> Result<Option<PasswordHash>, CatalogError> {
        Ok(self.passwords.get(&id).cloned())
    }

    async fn set_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), CatalogError> {
        self.passwords.insert(id, hash.clone());
        Ok(())
    }
}

#[async_trait]
impl Sessions for CatalogState {
    async fn add(&mut self, session: &Session) -> Result<(), CatalogError> {
        self.sessions.push(session.clone());
        Ok(())
    }

    async fn find(&mut self, id: SessionId) -> Result<Option<Session>, CatalogError> {
        Ok(self.sessions.iter().find(|it| it.id == id).cloned())
    }

    async fn add_token(
        &mut self,
        session: SessionId,
        hash: &TokenHash,
    ) -> Result<(), CatalogError> {
        self.tokens.insert(hash.clone(), (session, None));
        Ok(())
    }

    async fn find_token(&mut self, hash: &TokenHash) -> Result<Option<RefreshToken>, CatalogError> {
        let Some((session, used_at)) = self.tokens.get(hash).copied() else {
            return Ok(None);
        };
        let session = Sessions::find(self, session).await?;
        Ok(session.map(|session| RefreshToken { session, used_at }))
    }

    async fn use_token(&mut self, hash: &TokenHash, now: Timestamp) -> Result<bool, CatalogError> {
        match self.tokens.get_mut(hash) {
            Some((_, used_at @ None)) => {
                *used_at = Some(now);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn end(&mut self, id: SessionId, now: Timestamp) -> Result<(), CatalogError> {
        for session in self.sessions.iter_mut().filter(|it| it.id == id) {
            session.ended_at.get_or_insert(now);
        }
        Ok(())
    }

    async fn end_all(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        for session in self.sessions.iter_mut().filter(|it| it.user_id == user) {
            session.ended_at.get_or_insert(now);
        }
        Ok(())
    }

    async fn remove_expired(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        self.sessions
            .retain(|it| it.user_id != user || it.expires_at > now);
        Ok(())
    }
}

#[async_trait]
impl OneTimeLinks for CatalogState {
    async fn put(
        &mut self,
        user: UserId,
        hash: &TokenHash,
        expires_at: Timestamp,
    ) -> Result<(), CatalogError> {
        let link = StoredLink {
            hash: hash.clone(),
            expires_at,
            is_used: false,
        };
        self.links.insert(user, link);
        Ok(())
    }

    async fn find(
        &mut self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, CatalogError> {
        let mut links = self.links.iter();
        let usable = links.find(|(_, it)| it.hash == *hash && !it.is_used && it.expires_at > now);
        Ok(usable.map(|(user, _)| *user))
    }

    async fn redeem(
        &mut self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, CatalogError> {
        let user = OneTimeLinks::find(self, hash, now).await?;
        if let Some(link) = user.and_then(|user| self.links.get_mut(&user)) {
            link.is_used = true;
        }
        Ok(user)
    }
}

#[async_trait]
impl SignInFailures for CatalogState {
    async fn find(&mut self, email: &EmailAddress) -> Result<Option<SignInTrouble>, CatalogError> {
        Ok(self.failures.get(email).copied())
    }

    async fn add(&mut self, email: &EmailAddress, now: Timestamp) -> Result<(), CatalogError> {
        let earlier = self.failures.get(email).map_or(0, |it| it.failures);
        let trouble = SignInTrouble {
            failures: earlier + 1,
            last_at: now,
        };
        self.failures.insert(email.clone(), trouble);
        Ok(())
    }

    async fn clear(&mut self, email: &EmailAddress) -> Result<(), CatalogError> {
        self.failures.remove(email);
        Ok(())
    }

    async fn remove_older_than(&mut self, time: Timestamp) -> Result<(), CatalogError> {
        self.failures.retain(|_, it| it.last_at >= time);
        Ok(())
    }
}

#[async_trait]
impl Notifications for CatalogState {
    async fn add(&mut self, notification: &Notification) -> Result<bool, CatalogError> {
        let is_told = self
            .notifications
            .iter()
            .any(|it| it.user_id == notification.user_id && it.occasion == notification.occasion);
        if !is_told {
            self.notifications.push(notification.clone());
        }
        Ok(!is_told)
    }

    async fn list(&mut self, query: &NotificationQuery) -> Result<Vec<Notification>, CatalogError> {
        let wanted = self.notifications.iter().filter(|it| {
            it.user_id == query.user
                && !(query.unread_only && it.read_at.is_some())
                && query.after.is_none_or(|after| it.id < after)
        });
        let mut found: Vec<Notification> = wanted.cloned().collect();
        found.sort_by_key(|it| std::cmp::Reverse(it.id));
        found.truncate(query.limit as usize);
        Ok(found)
    }

    async fn unread_count(&mut self, user: UserId) -> Result<u64, CatalogError> {
        let theirs = self.notifications.iter().filter(|it| it.user_id == user);
        Ok(theirs.filter(|it| it.read_at.is_none()).count() as u64)
    }

    async fn mark_read(
        &mut self,
        user: UserId,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<bool, CatalogError> {
        let mut notifications = self.notifications.iter_mut();
        let found = notifications.find(|it| it.user_id == user && it.id == id);
        let is_theirs = found.is_some();
        if let Some(notification) = found {
            notification.read_at.get_or_insert(now);
        }
        Ok(is_theirs)
    }

    async fn mark_all_read(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        for it in self
            .notifications
            .iter_mut()
            .filter(|it| it.user_id == user)
        {
            it.read_at.get_or_insert(now);
        }
        Ok(())
    }

    async fn waiting(&mut self, tenant: TenantId) -> Result<Vec<Notification>, CatalogError> {
        let waiting = self
            .notifications
            .iter()
            .filter(|it| it.tenant_id == tenant && !self.pushed.contains(&it.id));
        Ok(waiting.cloned().collect())
    }

    async fn mark_pushed(
        &mut self,
        id: NotificationId,
        _now: Timestamp,
    ) -> Result<(), CatalogError> {
        self.pushed.push(id);
        Ok(())
    }
}
