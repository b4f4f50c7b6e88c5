use domain::user::display_name_from;
use domain::{EmailAddress, Password, User, UserId};

use crate::App;
use crate::letters::{LINK_LIFETIME, set_password_link};
use crate::ports::{CatalogError, HashError, Transaction};

/// What became of the first Super Admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstAdmin {
    /// There is a Super Admin who can sign in; nothing was changed.
    Present,
    /// They can sign in with the password that was given.
    WithPassword,
    /// They have no password yet: this link sets it, once, within 24 hours.
    WithLink(String),
}

#[derive(Debug, thiserror::Error)]
pub enum CreateFirstAdminError {
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Makes sure that there is a Super Admin. Called at each start; only the first one makes anyone,
/// and a password that is there is never changed.
pub async fn create_first_admin(
    app: &App,
    email: &EmailAddress,
    password: Option<&Password>,
) -> Result<FirstAdmin, CreateFirstAdminError> {
    if is_settled(app, email).await? {
        return Ok(FirstAdmin::Present);
    }

    match password {
        Some(password) => create_with_password(app, email, password).await,
        None => create_with_link(app, email).await,
    }
}

async fn is_settled(app: &App, email: &EmailAddress) -> Result<bool, CatalogError> {
    let mut records = app.catalog.read().await?;
    if !records.users().has_super_admin().await? {
        return Ok(false);
    }
    let user = records.users().find_by_email(email).await?;
    Ok(user.is_none_or(|user| user.has_password || !user.is_super_admin))
}

async fn create_with_password(
    app: &App,
    email: &EmailAddress,
    password: &Password,
) -> Result<FirstAdmin, CreateFirstAdminError> {
    let hash = app.passwords.hash(password).await?;
    let mut transaction = app.catalog.begin().await?;
    let user = make_admin(app, &mut *transaction, email).await?;
    if !user.has_password {
        transaction.users().set_password(user.id, &hash).await?;
    }
    transaction.commit().await?;
    Ok(FirstAdmin::WithPassword)
}

async fn create_with_link(
    app: &App,
    email: &EmailAddress,
) -> Result<FirstAdmin, CreateFirstAdminError> {
    let token = app.tokens.random();
    let hash = app.tokens.hash(token.expose());
    let mut transaction = app.catalog.begin().await?;
    let user = make_admin(app, &mut *transaction, email).await?;
    if user.has_password {
        transaction.commit().await?;
        return Ok(FirstAdmin::Present);
    }

    let expires_at = app.clock.now() + LINK_LIFETIME;
    let links = transaction.one_time_links();
    links.put(user.id, &hash, expires_at).await?;
    transaction.commit().await?;
    Ok(FirstAdmin::WithLink(set_password_link(app, &token)))
}

async fn make_admin(
    app: &App,
    transaction: &mut dyn Transaction,
    email: &EmailAddress,
) -> Result<User, CatalogError> {
    let user = ensure_user(app, transaction, email).await?;
    transaction.users().make_super_admin(user.id).await?;
    Ok(user)
}

/// The account with this address; made without a password if there is none.
pub(crate) async fn ensure_user(
    app: &App,
    transaction: &mut dyn Transaction,
    email: &EmailAddress,
) -> Result<User, CatalogError> {
    let user = User {
        id: UserId::random(),
        email: email.clone(),
        display_name: display_name_from(email),
        is_super_admin: false,
        tenant_id: None,
        has_password: false,
        created_at: app.clock.now(),
    };
    if transaction.users().add(&user).await? {
        return Ok(user);
    }

    let known = transaction.users().find_by_email(email).await?;
    known.ok_or_else(|| CatalogError::Unreadable(format!("the account of {email} vanished")))
}
