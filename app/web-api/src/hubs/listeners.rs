use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use application::ports::SessionId;
use domain::Role;
use serde_json::{Map, Value, json};
use signalr_hub::User;
use uuid::Uuid;

use crate::identity::SignedInUser;

const SESSION_CLAIM: &str = "sid";
const ROLES_CLAIM: &str = "roles";

/// Who listens on which connection of this process.
#[derive(Default)]
pub struct Listeners {
    listeners: Mutex<HashMap<String, Listener>>,
}

pub struct Listener {
    session: SessionId,
    /// As they were when the connection was made.
    roles: Vec<String>,
}

/// What the hub is told about a connection's user.
pub fn hub_user(signed_in: &SignedInUser) -> User {
    let roles: Vec<&str> = signed_in.user.roles().into_iter().map(Role::name).collect();
    let claims = Map::from_iter([
        (SESSION_CLAIM.to_owned(), json!(signed_in.session.0)),
        (ROLES_CLAIM.to_owned(), json!(roles)),
    ]);
    User {
        id: Some(signed_in.user.id.to_string()),
        claims,
        expires_at: None,
    }
}

impl Listener {
    pub fn is_super_admin(&self) -> bool {
        self.roles
            .iter()
            .any(|role| role == Role::SuperAdmin.name())
    }

    /// `None`: they were not let in by us.
    pub fn of(user: &User) -> Option<Self> {
        let session: Uuid = user.claims.get(SESSION_CLAIM)?.as_str()?.parse().ok()?;
        let roles = user.claims.get(ROLES_CLAIM)?.as_array()?;
        let roles = roles.iter().filter_map(Value::as_str);
        Some(Self {
            session: SessionId(session),
            roles: roles.map(str::to_owned).collect(),
        })
    }

    fn still_has(&self, roles: Option<&[Role]>) -> bool {
        roles.is_some_and(|roles| self.roles.iter().eq(roles.iter().map(|role| role.name())))
    }
}

impl Listeners {
    pub fn add(&self, connection: &str, listener: Listener) {
        self.lock().insert(connection.to_owned(), listener);
    }

    pub fn remove(&self, connection: &str) {
        self.lock().remove(connection);
    }

    pub fn sessions(&self) -> HashSet<SessionId> {
        self.lock()
            .values()
            .map(|listener| listener.session)
            .collect()
    }

    pub fn of_session(&self, session: SessionId) -> Vec<String> {
        self.find(|listener| listener.session == session)
    }

    /// Connections that were made with other roles than these. `None`: the session has ended.
    pub fn with_other_roles(&self, session: SessionId, roles: Option<&[Role]>) -> Vec<String> {
        self.find(|listener| listener.session == session && !listener.still_has(roles))
    }

    fn find(&self, wanted: impl Fn(&Listener) -> bool) -> Vec<String> {
        let listeners = self.lock();
        let found = listeners.iter().filter(|(_, listener)| wanted(listener));
        found.map(|(connection, _)| connection.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Listener>> {
        self.listeners.lock().expect("no panic while it is held")
    }
}
