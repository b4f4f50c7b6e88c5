use domain::{Password, UserId, WeakPassword};

use crate::App;
use crate::jobs::{Letter, SendEmail};
use crate::ports::{CatalogError, EnqueueError, HashError, PasswordHash, TokenHash};

#[derive(Debug, thiserror::Error)]
pub enum SetPasswordError {
    /// Used, expired or unknown; which of them is nobody's business.
    #[error("this link was used before or has expired")]
    InvalidToken,
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
}

/// Sets the password of whoever holds a one-time link, uses the link up and ends their sessions.
pub async fn set_password(app: &App, token: &str, password: &str) -> Result<(), SetPasswordError> {
    let link = app.tokens.hash(token);
    refuse_unusable(app, &link).await?;
    let password = Password::chosen(password)?;

    let hash = app.passwords.hash(&password).await?;
    store(app, &link, &hash).await
}

/// A token that was made up costs no hashing.
async fn refuse_unusable(app: &App, link: &TokenHash) -> Result<(), SetPasswordError> {
    let now = app.clock.now();
    let mut records = app.catalog.read().await?;
    let owner: Option<UserId> = records.one_time_links().find(link, now).await?;
    owner.map(|_| ()).ok_or(SetPasswordError::InvalidToken)
}

async fn store(app: &App, link: &TokenHash, hash: &PasswordHash) -> Result<(), SetPasswordError> {
    let now = app.clock.now();
    let mut transaction = app.catalog.begin().await?;
    let redeemed = transaction.one_time_links().redeem(link, now).await?;
    let id = redeemed.ok_or(SetPasswordError::InvalidToken)?;
    let user = transaction.users().find(id).await?;
    let user = user.ok_or(SetPasswordError::InvalidToken)?;

    transaction.users().set_password(id, hash).await?;
    transaction.sessions().end_all(id, now).await?;
    transaction.sign_in_failures().clear(&user.email).await?;
    if user.has_password {
        let letter = Letter::PasswordChanged { user: id };
        transaction.jobs().enqueue(&SendEmail { letter }).await?;
    }
    transaction.commit().await?;
    Ok(())
}
