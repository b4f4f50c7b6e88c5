use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Notification, Password, Status, Step, Tenant, TenantId};
use jiff::Timestamp;
use job_engine::{JobId, State, StorageError};

use crate::ports::{
    Clock, DatabaseLocation, HashError, JobControl, Mail, MailError, Mailer, Notifier,
    PasswordHash, PasswordHasher, TenantDatabase, TenantDatabaseError, TenantDatabases, TenantHome,
    TenantOwner, Token, TokenHash, Tokens, Verdict,
};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stands still until a test moves it.
#[derive(Debug)]
pub struct FakeClock(Mutex<Timestamp>);

impl Default for FakeClock {
    fn default() -> Self {
        let start = "2026-11-21T08:00:00Z".parse().expect("a time");
        Self(Mutex::new(start))
    }
}

impl FakeClock {
    pub fn advance(&self, time: Duration) {
        *lock(&self.0) += time;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}

/// Tokens that can be told apart, and are no secret.
#[derive(Debug, Default)]
pub struct FakeTokens(AtomicU64);

impl Tokens for FakeTokens {
    fn random(&self) -> Token {
        Token(format!("token-{}", self.0.fetch_add(1, Ordering::Relaxed)))
    }

    fn hash(&self, token: &str) -> TokenHash {
        TokenHash(format!("hash of {token}"))
    }
}

/// "Hashes" at once.
#[derive(Debug)]
pub struct FakePasswords;

#[async_trait]
impl PasswordHasher for FakePasswords {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        Ok(PasswordHash(format!("hash of {}", password.expose())))
    }

    async fn verify(&self, typed: &str, hash: Option<&PasswordHash>) -> Result<Verdict, HashError> {
        let is_right = hash.is_some_and(|hash| hash.0 == format!("hash of {typed}"));
        Ok(if is_right {
            Verdict::Right
        } else {
            Verdict::Wrong
        })
    }
}

/// What someone who is connected would have seen.
#[derive(Debug, Default)]
pub struct FakeNotifier {
    told: Mutex<Vec<Told>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Notification(Notification),
    TenantChanged { status: Status, version: i64 },
}

impl FakeNotifier {
    /// The notifications, oldest first.
    pub fn notifications(&self) -> Vec<Notification> {
        let told = lock(&self.told);
        let notifications = told.iter().filter_map(|told| match told {
            Told::Notification(notification) => Some(notification.clone()),
            Told::TenantChanged { .. } => None,
        });
        notifications.collect()
    }

    /// Each status that was announced, oldest first; one that repeats stands once.
    pub fn statuses(&self) -> Vec<Status> {
        let told = lock(&self.told);
        let statuses = told.iter().filter_map(|told| match told {
            Told::Notification(_) => None,
            Told::TenantChanged { status, .. } => Some(*status),
        });
        let mut statuses: Vec<Status> = statuses.collect();
        statuses.dedup();
        statuses
    }
}

#[async_trait]
impl Notifier for FakeNotifier {
    async fn notify(&self, notification: &Notification) {
        lock(&self.told).push(Told::Notification(notification.clone()));
    }

    async fn tenant_changed(&self, tenant: &Tenant) {
        lock(&self.told).push(Told::TenantChanged {
            status: tenant.status,
            version: tenant.version,
        });
    }
}

/// Keeps the mails, unless it was told to fail.
#[derive(Debug, Default)]
pub struct FakeMailer {
    sent: Mutex<Vec<Mail>>,
    failure: Mutex<Option<MailError>>,
}

impl FakeMailer {
    pub fn sent(&self) -> Vec<Mail> {
        lock(&self.sent).clone()
    }

    /// The next mail fails with this.
    pub fn fail_once(&self, error: MailError) {
        *lock(&self.failure) = Some(error);
    }
}

#[async_trait]
impl Mailer for FakeMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if let Some(error) = lock(&self.failure).take() {
            return Err(error);
        }
        lock(&self.sent).push(mail.clone());
        Ok(())
    }
}

/// The state of jobs as a test says, and which of them were requeued.
#[derive(Debug, Default)]
pub struct FakeJobControl {
    states: Mutex<HashMap<JobId, State>>,
    requeued: Mutex<Vec<(JobId, String)>>,
}

impl FakeJobControl {
    pub fn set(&self, job: JobId, state: State) {
        lock(&self.states).insert(job, state);
    }

    pub fn requeued(&self) -> Vec<(JobId, String)> {
        lock(&self.requeued).clone()
    }
}

#[async_trait]
impl JobControl for FakeJobControl {
    async fn state(&self, job: JobId) -> Result<Option<State>, StorageError> {
        Ok(lock(&self.states).get(&job).copied())
    }

    async fn requeue(&self, job: JobId, reason: &str) -> Result<(), StorageError> {
        self.set(job, State::Enqueued);
        lock(&self.requeued).push((job, reason.to_owned()));
        Ok(())
    }
}

/// Databases that hold nothing but their owner.
#[derive(Debug, Default)]
pub struct FakeTenantDatabases(Arc<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    calls: Mutex<Vec<(Step, TenantId)>>,
    owners: Mutex<HashMap<TenantId, TenantOwner>>,
    failing: Mutex<Option<FailingStep>>,
}

/// A step that fails until a test repairs it.
#[derive(Debug, Clone)]
pub struct FailingStep {
    pub step: Step,
    pub message: &'static str,
}

impl FakeTenantDatabases {
    pub fn break_at(&self, step: Step, message: &'static str) {
        *lock(&self.0.failing) = Some(FailingStep { step, message });
    }

    pub fn repair(&self) {
        *lock(&self.0.failing) = None;
    }

    /// Which steps were asked for, oldest first.
    pub fn steps(&self) -> Vec<Step> {
        lock(&self.0.calls).iter().map(|(step, _)| *step).collect()
    }

    pub fn owner(&self, tenant: TenantId) -> Option<TenantOwner> {
        lock(&self.0.owners).get(&tenant).cloned()
    }
}

impl Shelf {
    fn call(&self, step: Step, tenant: TenantId) -> Result<(), TenantDatabaseError> {
        lock(&self.calls).push((step, tenant));
        match lock(&self.failing).clone() {
            Some(failing) if failing.step == step => Err(TenantDatabaseError {
                message: failing.message.to_owned(),
                source: None,
            }),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl TenantDatabases for FakeTenantDatabases {
    async fn create(&self, tenant: TenantId) -> Result<(), TenantDatabaseError> {
        self.0.call(Step::CreateDatabase, tenant)
    }

    async fn open(&self, tenant: TenantId) -> Result<Box<dyn TenantDatabase>, TenantDatabaseError> {
        Ok(Box::new(FakeTenantDatabase {
            shelf: self.0.clone(),
            tenant,
        }))
    }
}

struct FakeTenantDatabase {
    shelf: Arc<Shelf>,
    tenant: TenantId,
}

#[async_trait]
impl TenantDatabase for FakeTenantDatabase {
    async fn migrate(&mut self) -> Result<(), TenantDatabaseError> {
        self.shelf.call(Step::Migrate, self.tenant)
    }

    async fn seed(&mut self, _: &Tenant) -> Result<(), TenantDatabaseError> {
        self.shelf.call(Step::Seed, self.tenant)
    }

    async fn create_owner(&mut self, owner: &TenantOwner) -> Result<(), TenantDatabaseError> {
        self.shelf.call(Step::CreateOwner, self.tenant)?;
        lock(&self.shelf.owners)
            .entry(self.tenant)
            .or_insert_with(|| owner.clone());
        Ok(())
    }

    async fn read_home(&mut self) -> Result<TenantHome, TenantDatabaseError> {
        let owner = lock(&self.shelf.owners).get(&self.tenant).cloned();
        let owner = owner.ok_or_else(|| TenantDatabaseError {
            message: "there is no such database".to_owned(),
            source: None,
        })?;
        Ok(TenantHome {
            owner,
            roles: Vec::new(),
            settings: Vec::new(),
            database: DatabaseLocation {
                engine: "SQLite",
                name: self.tenant.to_string(),
            },
            created_at: Timestamp::UNIX_EPOCH,
        })
    }

    async fn close(self: Box<Self>) {}
}
