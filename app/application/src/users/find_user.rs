use domain::{User, UserId};

use crate::App;
use crate::ports::{CatalogError, SessionId};

pub async fn find_user(app: &App, id: UserId) -> Result<Option<User>, CatalogError> {
    app.catalog.read().await?.users().find(id).await
}

/// Who is behind a session, as they are now; `None` when the session has ended.
pub async fn session_user(app: &App, id: SessionId) -> Result<Option<User>, CatalogError> {
    let mut records = app.catalog.read().await?;
    let session = records.sessions().find(id).await?;
    match session.filter(|session| session.is_open(app.clock.now())) {
        Some(session) => records.users().find(session.user_id).await,
        None => Ok(None),
    }
}
