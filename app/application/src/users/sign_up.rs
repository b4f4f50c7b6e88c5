use domain::{EmailAddress, Origin, TenantId};

use crate::jobs::{Letter, ProvisionTenant, SendEmail};
use crate::ports::{Added, CatalogError, EnqueueError, Transaction};
use crate::tenants::{SIGN_UP_FIELDS, TenantRequest, waiting_tenant};
use crate::{App, InvalidFields};

/// What a visitor fills in.
#[derive(Debug, Clone, Default)]
pub struct SignUp {
    pub organization: String,
    pub email: String,
    /// Made from the organization's name when absent.
    pub slug: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error(transparent)]
    Invalid(#[from] InvalidFields),
    #[error("this slug is taken")]
    SlugTaken,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
}

/// Starts a tenant for a visitor. For an address that is known already nothing is started and a
/// mail says so; the answer is the same.
pub async fn sign_up(app: &App, request: SignUp) -> Result<(), SignUpError> {
    let wanted = TenantRequest::parse(
        &SIGN_UP_FIELDS,
        &request.organization,
        request.slug.as_deref(),
        &request.email,
    )?;

    let mut transaction = app.catalog.begin().await?;
    // First, so that it says nothing about the address.
    if transaction.tenants().is_slug_taken(&wanted.slug).await? {
        return Err(SignUpError::SlugTaken);
    }
    match letter_to_known(&mut *transaction, &wanted.admin_email).await? {
        Some(letter) => {
            transaction.jobs().enqueue(&SendEmail { letter }).await?;
        }
        None => start_tenant(app, &mut *transaction, wanted).await?,
    }
    transaction.commit().await?;
    Ok(())
}

async fn letter_to_known(
    transaction: &mut dyn Transaction,
    email: &EmailAddress,
) -> Result<Option<Letter>, CatalogError> {
    if let Some(user) = transaction.users().find_by_email(email).await? {
        return Ok(Some(Letter::AlreadyKnown { user: user.id }));
    }

    let waiting = transaction.tenants().find_sign_up(email).await?;
    Ok(waiting.map(|tenant| Letter::StillPreparing { tenant: tenant.id }))
}

async fn start_tenant(
    app: &App,
    transaction: &mut dyn Transaction,
    wanted: TenantRequest,
) -> Result<(), SignUpError> {
    let id = TenantId::random();
    let job = transaction
        .jobs()
        .enqueue(&ProvisionTenant { tenant: id })
        .await?;
    let tenant = waiting_tenant(app, id, wanted, Origin::SignUp, job);
    match transaction.tenants().add(&tenant).await? {
        Added::Yes => Ok(()),
        Added::SlugTaken | Added::RequestKeyUsed => Err(SignUpError::SlugTaken),
    }
}
