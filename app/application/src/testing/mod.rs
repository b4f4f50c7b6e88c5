//! An in-memory fake of each port, and an [`App`] made of them.

mod catalog;
mod fakes;

use std::sync::Arc;

use domain::{Tenant, TenantId, User, UserId};
use job_engine::JobId;

pub use catalog::{CatalogState, FakeCatalog};
pub use fakes::{
    FailingStep, FakeClock, FakeJobControl, FakeMailer, FakeNotifier, FakePasswords,
    FakeTenantDatabases, FakeTokens, Told,
};

use crate::{App, Settings};

/// An [`App`] on fakes, and the fakes.
#[derive(Debug, Clone)]
pub struct FakeApp {
    pub app: App,
    pub catalog: Arc<FakeCatalog>,
    pub tenant_databases: Arc<FakeTenantDatabases>,
    pub job_control: Arc<FakeJobControl>,
    pub notifier: Arc<FakeNotifier>,
    pub mailer: Arc<FakeMailer>,
    pub clock: Arc<FakeClock>,
}

impl Default for FakeApp {
    fn default() -> Self {
        let catalog = Arc::new(FakeCatalog::default());
        let tenant_databases = Arc::new(FakeTenantDatabases::default());
        let job_control = Arc::new(FakeJobControl::default());
        let notifier = Arc::new(FakeNotifier::default());
        let mailer = Arc::new(FakeMailer::default());
        let clock = Arc::new(FakeClock::default());
        let app = App {
            catalog: Arc::clone(&catalog) as _,
            tenant_databases: Arc::clone(&tenant_databases) as _,
            job_control: Arc::clone(&job_control) as _,
            notifier: Arc::clone(&notifier) as _,
            mailer: Arc::clone(&mailer) as _,
            mailbox: None,
            passwords: Arc::new(FakePasswords),
            tokens: Arc::new(FakeTokens::default()),
            clock: Arc::clone(&clock) as _,
            settings: Settings {
                public_url: "https://diquis.example".to_owned(),
                job_attempts: 11,
            },
        };
        Self {
            app,
            catalog,
            tenant_databases,
            job_control,
            notifier,
            mailer,
            clock,
        }
    }
}

impl FakeApp {
    /// A Super Admin who is there.
    pub async fn super_admin(&self) -> User {
        let user = User {
            is_super_admin: true,
            ..self.user_record("root@diquis.example")
        };
        self.add_user(&user).await;
        user
    }

    /// Someone with an account and without a tenant.
    pub async fn user(&self, email: &str) -> User {
        let user = self.user_record(email);
        self.add_user(&user).await;
        user
    }

    /// The tenant as it is stored.
    pub async fn tenant(&self, id: TenantId) -> Tenant {
        let mut records = self.app.catalog.read().await.expect("the fake answers");
        let tenant = records.tenants().find(id).await.expect("the fake answers");
        tenant.expect("the tenant is there")
    }

    /// What is stored of everything.
    pub fn stored(&self) -> CatalogState {
        self.catalog.state()
    }

    /// The jobs of this kind that were enqueued.
    pub fn enqueued(&self, kind: &str) -> Vec<JobId> {
        let jobs = self.stored().jobs;
        let of_kind = jobs.iter().filter(|job| job.kind == kind);
        of_kind.map(|job| job.id).collect()
    }

    fn user_record(&self, email: &str) -> User {
        let email = email.parse().expect("an address");
        User {
            id: UserId::random(),
            display_name: domain::user::display_name_from(&email),
            email,
            is_super_admin: false,
            tenant_id: None,
            has_password: false,
            created_at: self.app.clock.now(),
        }
    }

    async fn add_user(&self, user: &User) {
        let mut transaction = self.app.catalog.begin().await.expect("the fake answers");
        let added = transaction.users().add(user).await;
        assert!(added.expect("the fake answers"), "the address is known");
        transaction.commit().await.expect("the fake commits");
    }
}
