use domain::{Notification, NotificationKind, Step, Tenant, TenantId, User};
use job_engine::{Attempt, Failure, Job, JobError};
use serde::{Deserialize, Serialize};

use super::provisioning_failed::{give_up, note_failure};
use super::send_email::{Letter, SendEmail};
use crate::App;
use crate::ports::{
    CatalogError, EnqueueError, SaveError, TenantDatabase, TenantDatabaseError, TenantOwner,
    Transaction,
};
use crate::users::ensure_user;

/// Someone else may store the tenant at the same moment, but not for ever.
const TRIES: usize = 3;

/// What the job's progress counts.
const STEPS: u64 = Step::ALL.len() as u64;

/// Gives a tenant its database, then tells the person who asked for it.
///
/// Each step finds out what is there and does what is missing, so a run that was interrupted
/// anywhere is simply run again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProvisionTenant {
    pub tenant: TenantId,
}

impl Job for ProvisionTenant {
    const NAME: &'static str = "provision_tenant";
    type Context = App;

    async fn run(&self, app: &App, attempt: &Attempt) -> Result<(), JobError> {
        let mut tenant = start(app, self.tenant, attempt).await?;

        // A run that died right after its last step finds its work done.
        if !tenant.is_active() {
            provision(app, &mut tenant, attempt).await?;
        }
        Ok(())
    }

    async fn failed(&self, app: &App, failure: &Failure) -> Result<(), JobError> {
        note_failure(app, self.tenant, failure).await
    }

    async fn given_up(&self, app: &App, failure: &Failure) -> Result<(), JobError> {
        give_up(app, self.tenant, failure).await
    }
}

/// Notes that the attempt begins. Whoever asked for it may store the tenant at the same moment,
/// so it is read again if need be.
async fn start(app: &App, id: TenantId, attempt: &Attempt) -> Result<Tenant, JobError> {
    for _ in 0..TRIES {
        let found = app.catalog.read().await?.tenants().find(id).await?;
        let Some(mut tenant) = found else {
            return Err(JobError::fail("the tenant is gone"));
        };
        if tenant.is_active() {
            return Ok(tenant);
        }

        tenant.start_attempt(attempt.number, attempt.max, app.clock.now())?;
        match save(app, &mut tenant).await {
            Err(Trouble::Save(SaveError::Stale)) => {}
            saved => return Ok(saved.map(|()| tenant)?),
        }
    }
    Err(SaveError::Stale.into())
}

async fn provision(app: &App, tenant: &mut Tenant, attempt: &Attempt) -> Result<(), JobError> {
    let mut database = None;
    for (done, step) in (0..).zip(Step::ALL) {
        if tenant.steps.is_done(step) {
            continue;
        }
        if attempt.cancelled.is_cancelled() {
            return Err(JobError::retry("the run was told to stop"));
        }
        attempt.progress(done, STEPS);
        attempt.log(step.title());
        let done = async {
            tenant.start_step(step, app.clock.now());
            save(app, tenant).await?;
            do_step(app, tenant, &mut database, step).await
        };
        done.await.map_err(|error| error.in_step(step))?;
    }
    attempt.progress(STEPS, STEPS);
    Ok(())
}

/// The tenant's database, from the first step that needs it: to connect anew for each of them costs
/// more than what they do.
type Database = Option<Box<dyn TenantDatabase>>;

async fn do_step(
    app: &App,
    tenant: &mut Tenant,
    database: &mut Database,
    step: Step,
) -> Result<(), Trouble> {
    let id = tenant.id;
    match step {
        Step::CreateDatabase => app.tenant_databases.create(id).await?,
        Step::Migrate => opened(app, id, database).await?.migrate().await?,
        Step::Seed => opened(app, id, database).await?.seed(tenant).await?,
        Step::CreateOwner => {
            let owner = ensure_owner(app, tenant).await?;
            opened(app, id, database)
                .await?
                .create_owner(&owner)
                .await?;
        }
        Step::Activate => {
            if let Some(database) = database.take() {
                database.close().await;
            }
            activate(app, tenant).await?;
        }
    }
    Ok(())
}

async fn opened<'a>(
    app: &App,
    tenant: TenantId,
    database: &'a mut Database,
) -> Result<&'a mut dyn TenantDatabase, TenantDatabaseError> {
    if database.is_none() {
        *database = Some(app.tenant_databases.open(tenant).await?);
    }
    Ok(database.as_deref_mut().expect("it was opened just now"))
}

/// The account that will own the tenant. Someone who has an account keeps it and owns one tenant
/// more.
async fn ensure_owner(app: &App, tenant: &Tenant) -> Result<TenantOwner, Trouble> {
    let mut transaction = app.catalog.begin().await?;
    let owner = match transaction.tenants().owner(tenant.id).await? {
        Some(owner) => transaction.users().find(owner).await?,
        None => Some(add_owner(app, &mut *transaction, tenant).await?),
    };
    transaction.commit().await?;

    let owner = owner.ok_or(Trouble::OwnerIsGone)?;
    Ok(TenantOwner {
        user_id: owner.id,
        email: owner.email,
        display_name: owner.display_name,
    })
}

async fn add_owner(
    app: &App,
    transaction: &mut dyn Transaction,
    tenant: &Tenant,
) -> Result<User, Trouble> {
    let user = ensure_user(app, transaction, &tenant.admin_email).await?;
    transaction.tenants().set_owner(tenant.id, user.id).await?;
    Ok(user)
}

/// The tenant is active, its requester is told and its owner gets a mail: all of it or nothing.
async fn activate(app: &App, tenant: &mut Tenant) -> Result<(), Trouble> {
    let now = app.clock.now();
    let mut active = tenant.clone();
    active.activate(now)?;

    let mut transaction = app.catalog.begin().await?;
    transaction.tenants().save(&mut active).await?;
    let ready = active
        .requested_by()
        .map(|user| Notification::about(&active, NotificationKind::TenantReady, user, now));
    if let Some(ready) = &ready {
        transaction.notifications().add(ready).await?;
    }
    let owner = transaction.tenants().owner(active.id).await?;
    let letter = Letter::Welcome {
        tenant: active.id,
        user: owner.ok_or(Trouble::OwnerIsGone)?,
    };
    transaction.jobs().enqueue(&SendEmail { letter }).await?;
    transaction.commit().await?;

    *tenant = active;
    app.notifier.tenant_changed(tenant).await;
    if let Some(ready) = &ready {
        app.notifier.notify(ready).await;
    }
    Ok(())
}

async fn save(app: &App, tenant: &mut Tenant) -> Result<(), Trouble> {
    let mut transaction = app.catalog.begin().await?;
    transaction.tenants().save(tenant).await?;
    transaction.commit().await?;

    app.notifier.tenant_changed(tenant).await;
    Ok(())
}

/// Why a step did not succeed. Its text is shown to people.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Database(#[from] TenantDatabaseError),
    #[error(transparent)]
    Save(#[from] SaveError),
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
    #[error(transparent)]
    Status(#[from] domain::WrongStatus),
    #[error("the owner's account is gone")]
    OwnerIsGone,
}

impl From<CatalogError> for Trouble {
    fn from(error: CatalogError) -> Self {
        Self::Save(error.into())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{}: {trouble}", step.title())]
struct StepFailed {
    step: Step,
    #[source]
    trouble: Trouble,
}

impl Trouble {
    fn in_step(self, step: Step) -> StepFailed {
        StepFailed {
            step,
            trouble: self,
        }
    }
}
