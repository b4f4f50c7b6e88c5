use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use application::App;
use application::ports::{CatalogError, SessionId};
use application::users::session_user;
use domain::User;

use crate::tokens::{Purpose, Tokens};

/// Knows whose token it is.
///
/// A token says no more than which session it belongs to. Whether that session is still open, and
/// what its user may do, is asked of the database anew every [`FRESH_FOR`].
#[derive(Debug)]
pub struct Identity {
    app: App,
    tokens: Tokens,
    seen: Mutex<HashMap<SessionId, Seen>>,
}

/// Someone who is signed in.
#[derive(Debug, Clone)]
pub struct SignedInUser {
    pub user: User,
    pub session: SessionId,
}

#[derive(Debug, Clone)]
struct Seen {
    at: Instant,
    user: Option<User>,
}

/// How long a role that was taken away, or a session that was ended elsewhere, may still work.
const FRESH_FOR: Duration = Duration::from_secs(2);
const MAX_SEEN: usize = 10_000;

impl Identity {
    pub fn new(app: App, tokens: Tokens) -> Self {
        Self {
            app,
            tokens,
            seen: Mutex::default(),
        }
    }

    pub fn issue(
        &self,
        purpose: Purpose,
        user: &User,
        session: SessionId,
    ) -> anyhow::Result<String> {
        self.tokens.issue(purpose, user.id.0, session.0)
    }

    /// Signs the dashboard's forms.
    pub fn dashboard_form_key(&self) -> [u8; 32] {
        self.tokens.dashboard_form_key()
    }

    /// Who holds this token, if it is good for `purpose` and its session is still open.
    pub async fn holder(
        &self,
        purpose: Purpose,
        token: &str,
    ) -> Result<Option<SignedInUser>, CatalogError> {
        let Some(claims) = self.tokens.check(purpose, token) else {
            return Ok(None);
        };
        let session = SessionId(claims.sid);
        let user = self.user_of(session).await?;
        Ok(user
            .filter(|user| user.id.0 == claims.sub)
            .map(|user| SignedInUser { user, session }))
    }

    /// Whose session it is; `None` when it has ended.
    pub async fn user_of(&self, session: SessionId) -> Result<Option<User>, CatalogError> {
        if let Some(seen) = self.fresh(session) {
            return Ok(seen.user);
        }

        let user = session_user(&self.app, session).await?;
        self.remember(session, user.clone());
        Ok(user)
    }

    /// The next question about this session goes to the database.
    pub fn forget(&self, session: SessionId) {
        self.lock().remove(&session);
    }

    fn fresh(&self, session: SessionId) -> Option<Seen> {
        let seen = self.lock();
        seen.get(&session).filter(|seen| seen.is_fresh()).cloned()
    }

    fn remember(&self, session: SessionId, user: Option<User>) {
        let mut seen = self.lock();
        if seen.len() >= MAX_SEEN {
            seen.retain(|_, seen| seen.is_fresh());
        }
        if seen.len() < MAX_SEEN {
            let at = Instant::now();
            seen.insert(session, Seen { at, user });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Seen>> {
        self.seen.lock().expect("no panic while it is held")
    }
}

impl Seen {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < FRESH_FOR
    }
}
