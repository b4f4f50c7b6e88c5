use crate::App;
use crate::ports::{CatalogError, SessionId};

/// Ends the session that this refresh token belongs to; does nothing if there is none.
pub async fn sign_out(app: &App, token: &str) -> Result<(), CatalogError> {
    let hash = app.tokens.hash(token);
    let mut transaction = app.catalog.begin().await?;
    let Some(found) = transaction.sessions().find_token(&hash).await? else {
        return Ok(());
    };

    let now = app.clock.now();
    transaction.sessions().end(found.session.id, now).await?;
    transaction.commit().await
}

/// Ends this session; does nothing if it has ended already.
pub async fn end_session(app: &App, session: SessionId) -> Result<(), CatalogError> {
    let mut transaction = app.catalog.begin().await?;
    transaction.sessions().end(session, app.clock.now()).await?;
    transaction.commit().await
}
