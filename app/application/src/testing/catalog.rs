use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{EmailAddress, Notification, Tenant, TenantId, User, UserId};
use jiff::Timestamp;
use job_engine::NewJob;
use tokio::sync::OwnedMutexGuard;

use crate::ports::{
    BackgroundJobs, Catalog, CatalogError, Notifications, OneTimeLinks, PasswordHash, Records,
    Session, SessionId, Sessions, SignInFailures, SignInTrouble, Tenants, TokenHash, Transaction,
    Users,
};

mod notifications;
mod sessions;
mod tenants;
mod users;

/// A catalogue in memory. Its transactions come one after another.
#[derive(Default)]
pub struct FakeCatalog {
    state: Arc<Mutex<CatalogState>>,
    turn: Arc<tokio::sync::Mutex<()>>,
    interference: Mutex<Option<Interference>>,
}

/// What someone else does.
type Interference = Box<dyn FnOnce(&mut CatalogState) + Send>;

impl fmt::Debug for FakeCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeCatalog")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
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
    pub delivered: HashMap<UserId, u64>,
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

    /// Someone else changes this between the last read and the next transaction.
    pub fn before_next_transaction(&self, change: impl FnOnce(&mut CatalogState) + Send + 'static) {
        let interference = self.interference.lock();
        *interference.unwrap_or_else(PoisonError::into_inner) = Some(Box::new(change));
    }

    fn let_others_interfere(&self) {
        let interference = self.interference.lock();
        let change = interference.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(change) = change {
            change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

#[async_trait]
impl Catalog for FakeCatalog {
    async fn read(&self) -> Result<Box<dyn Records>, CatalogError> {
        Ok(Box::new(self.state()))
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, CatalogError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        self.let_others_interfere();
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
