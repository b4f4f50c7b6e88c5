use std::time::Duration;

use super::sign_in::{SignedIn, random_token};
use crate::App;
use crate::ports::{CatalogError, RefreshToken, Session};

/// Two tabs that open together send the same token; a thief comes later.
const LEEWAY: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error("sign in again")]
    Invalid,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Exchanges a refresh token for the next one. A token that comes back after its use was stolen or
/// copied, so the whole session ends.
pub async fn refresh_session(app: &App, token: &str) -> Result<SignedIn, RefreshError> {
    let now = app.clock.now();
    let hash = app.tokens.hash(token);
    let mut transaction = app.catalog.begin().await?;

    let found = transaction.sessions().find_token(&hash).await?;
    let RefreshToken { session, used_at } = found.ok_or(RefreshError::Invalid)?;
    if !session.is_open(now) {
        return Err(RefreshError::Invalid);
    }
    if used_at.is_some_and(|used_at| now.duration_since(used_at).unsigned_abs() > LEEWAY) {
        transaction.sessions().end(session.id, now).await?;
        transaction.commit().await?;
        return Err(RefreshError::Invalid);
    }
    let user = transaction.users().find(session.user_id).await?;
    let user = user.ok_or(RefreshError::Invalid)?;

    let (refresh_token, next) = random_token(app);
    transaction.sessions().use_token(&hash, now).await?;
    transaction.sessions().add_token(session.id, &next).await?;
    transaction.commit().await?;

    let Session { id, expires_at, .. } = session;
    Ok(SignedIn {
        user,
        session: id,
        refresh_token,
        expires_at,
    })
}
