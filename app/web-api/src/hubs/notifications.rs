use std::sync::Arc;
use std::time::Duration;

use application::ports::SessionId;
use async_trait::async_trait;
use axum::Router;
use signalr_hub::backplane::Backplane;
use signalr_hub::durable::Inbox;
use signalr_hub::{
    AllowedOrigins, Authenticate, Caller, ConnectionOptions, Credentials, Hub, HubContext,
    HubError, HubOptions, HubServer, Methods, Refused, User,
};
use tokio::time::MissedTickBehavior;

use super::listeners::{Listener, Listeners, hub_user};
use crate::config::PublicUrl;
use crate::identity::Identity;
use crate::tokens::Purpose;

pub const PATH: &str = "/hubs/notifications";
/// The group of all who are told when a tenant changes.
pub const SUPER_ADMINS: &str = "super-admins";

/// How long a connection may outlive its session, or a role.
const REVIEW_EVERY: Duration = Duration::from_secs(3);

/// The hub that tells people what concerns them. Clients listen; they have nothing to call.
#[derive(Clone)]
pub struct NotificationHub {
    server: HubServer,
    context: HubContext,
    identity: Arc<Identity>,
    listeners: Arc<Listeners>,
}

impl NotificationHub {
    /// Starts it; with a backplane, together with the same hub of other processes. What waits in the
    /// inbox goes to its user as soon as they are connected.
    pub fn start(
        identity: Arc<Identity>,
        public_url: &PublicUrl,
        backplane: Option<Arc<dyn Backplane>>,
        inbox: Arc<dyn Inbox>,
    ) -> Self {
        let listeners = Arc::new(Listeners::default());
        let options = HubOptions {
            backplane,
            inbox: Some(inbox),
            connections: ConnectionOptions {
                authenticate: Arc::new(AccessTokens(Arc::clone(&identity))),
                allowed_origins: AllowedOrigins::Listed(vec![public_url.as_str().to_owned()]),
                tickets: true,
                ..ConnectionOptions::default()
            },
            ..HubOptions::default()
        };
        let server = HubServer::start(Hall(Arc::clone(&listeners)), options);
        Self {
            context: server.context(),
            server,
            identity,
            listeners,
        }
    }

    pub fn router(&self) -> Router {
        self.server.router(PATH)
    }

    /// For speaking to the clients.
    pub fn context(&self) -> HubContext {
        self.context.clone()
    }

    /// How many are connected to this process.
    pub fn connections(&self) -> usize {
        self.context.local_connections().len()
    }

    /// Ends the connections of a session that was ended.
    pub async fn close_session(&self, session: SessionId) {
        for connection in self.listeners.of_session(session) {
            self.revoke(&connection).await;
        }
    }

    /// Ends connections whose session has ended or whose user has other roles now; for ever.
    pub async fn review(&self) {
        let mut interval = tokio::time::interval(REVIEW_EVERY);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            for session in self.listeners.sessions() {
                self.review_session(session).await;
            }
        }
    }

    async fn review_session(&self, session: SessionId) {
        let user = match self.identity.user_of(session).await {
            Ok(user) => user,
            Err(error) => {
                tracing::warn!(%error, "a session could not be reviewed");
                return;
            }
        };
        let roles = user.map(|user| user.roles());
        for connection in self.listeners.with_other_roles(session, roles.as_deref()) {
            self.revoke(&connection).await;
        }
    }

    async fn revoke(&self, connection: &str) {
        if let Err(error) = self.context.revoke_connection(connection).await {
            tracing::debug!(%error, "only this process was told to end a connection");
        }
    }

    /// Ends all connections; clients may connect to another process.
    pub async fn stop(&self) {
        self.context.stop().await;
    }
}

/// The hub's own side: it keeps track of who listens.
struct Hall(Arc<Listeners>);

impl Hub for Hall {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods
    }

    async fn connected(&self, caller: &Caller) -> Result<(), HubError> {
        let listener = Listener::of(&caller.user())
            .ok_or_else(|| HubError::internal("Unauthorized", "the user has no session"))?;
        if listener.is_super_admin() {
            caller.join_group(SUPER_ADMINS).await?;
        }
        self.0.add(caller.connection_id(), listener);
        Ok(())
    }

    async fn disconnected(&self, caller: &Caller, _: Option<&HubError>) {
        self.0.remove(caller.connection_id());
    }
}

/// Lets in who has an access token.
struct AccessTokens(Arc<Identity>);

#[async_trait]
impl Authenticate for AccessTokens {
    async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<User, Refused> {
        let token = credentials.token.ok_or(Refused::Unauthorized)?;
        let found = self.0.holder(Purpose::Access, token.reveal()).await;
        let holder = found
            .inspect_err(|error| tracing::error!(%error, "a hub client could not be identified"))
            .ok()
            .flatten()
            .ok_or(Refused::Unauthorized)?;

        Ok(hub_user(&holder))
    }
}
