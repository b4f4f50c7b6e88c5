use std::time::Duration;

use domain::{EmailAddress, Password, User};
use jiff::Timestamp;
use uuid::Uuid;

use super::back_off::{self, FORGOTTEN_AFTER};
use crate::App;
use crate::ports::{
    CatalogError, HashError, Session, SessionId, Token, TokenHash, Transaction, Verdict,
};

/// How long one sign-in lasts at most.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(14 * 24);

/// Someone who has signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub user: User,
    pub session: SessionId,
    /// Good for one refresh.
    pub refresh_token: Token,
    /// When they must sign in again.
    pub expires_at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("e-mail or password is wrong")]
    Wrong,
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Opens a session for whoever knows the password.
pub async fn sign_in(app: &App, email: &str, typed: &str) -> Result<SignedIn, SignInError> {
    let Ok(email) = email.parse::<EmailAddress>() else {
        app.passwords.verify(typed, None).await?;
        return Err(SignInError::Wrong);
    };
    refuse_while_paused(app, &email).await?;

    let Some(user) = check(app, &email, typed).await? else {
        note_failure(app, &email).await?;
        return Err(SignInError::Wrong);
    };
    Ok(open_session(app, user, &email).await?)
}

async fn refuse_while_paused(app: &App, email: &EmailAddress) -> Result<(), SignInError> {
    let mut records = app.catalog.read().await?;
    let trouble = records.sign_in_failures().find(email).await?;
    match trouble.and_then(|trouble| back_off::pause(trouble, app.clock.now())) {
        Some(retry_after) => Err(SignInError::TooManyAttempts { retry_after }),
        None => Ok(()),
    }
}

async fn check(app: &App, email: &EmailAddress, typed: &str) -> Result<Option<User>, SignInError> {
    let mut records = app.catalog.read().await?;
    let user = records.users().find_by_email(email).await?;
    let hash = match &user {
        Some(user) => records.users().password(user.id).await?,
        None => None,
    };
    drop(records);

    match (app.passwords.verify(typed, hash.as_ref()).await?, user) {
        (Verdict::Right, Some(user)) => Ok(Some(user)),
        (Verdict::RightButWeaklyStored, Some(user)) => {
            store_better(app, &user, typed).await?;
            Ok(Some(user))
        }
        _ => Ok(None),
    }
}

async fn store_better(app: &App, user: &User, typed: &str) -> Result<(), SignInError> {
    let Ok(password) = Password::given(typed) else {
        return Ok(());
    };
    let hash = app.passwords.hash(&password).await?;
    let mut transaction = app.catalog.begin().await?;
    transaction.users().set_password(user.id, &hash).await?;
    transaction.commit().await?;
    Ok(())
}

async fn open_session(
    app: &App,
    user: User,
    email: &EmailAddress,
) -> Result<SignedIn, CatalogError> {
    let now = app.clock.now();
    let session = Session {
        id: SessionId(Uuid::now_v7()),
        user_id: user.id,
        started_at: now,
        expires_at: now + SESSION_LIFETIME,
        ended_at: None,
    };
    let (refresh_token, hash) = random_token(app);

    let mut transaction = app.catalog.begin().await?;
    transaction.sign_in_failures().clear(email).await?;
    transaction.sessions().remove_expired(user.id, now).await?;
    add_session(&mut *transaction, &session, &hash).await?;
    transaction.commit().await?;

    Ok(SignedIn {
        user,
        session: session.id,
        refresh_token,
        expires_at: session.expires_at,
    })
}

async fn add_session(
    transaction: &mut dyn Transaction,
    session: &Session,
    hash: &TokenHash,
) -> Result<(), CatalogError> {
    transaction.sessions().add(session).await?;
    transaction.sessions().add_token(session.id, hash).await
}

async fn note_failure(app: &App, email: &EmailAddress) -> Result<(), CatalogError> {
    let now = app.clock.now();
    let mut transaction = app.catalog.begin().await?;
    let failures = transaction.sign_in_failures();
    failures.remove_older_than(now - FORGOTTEN_AFTER).await?;
    failures.add(email, now).await?;
    transaction.commit().await
}

pub(super) fn random_token(app: &App) -> (Token, TokenHash) {
    let token = app.tokens.random();
    let hash = app.tokens.hash(token.expose());
    (token, hash)
}
