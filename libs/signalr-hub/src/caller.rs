//! Who is calling, with which rights, and whom the called method may tell.

use std::sync::{Arc, MutexGuard, PoisonError};

use http::Extensions;
use tokio_util::sync::CancellationToken;

use crate::{
    arguments::ClientArguments,
    clients::{Asking, Clients, Recipients},
    connect_request::ConnectRequest,
    connections::Client,
    core::Core,
    error::SendError,
    inbox::Stop,
    options::Transport,
    presence::Presence,
    protocol::Protocol,
    user::User,
};

/// The connection a hub method runs for.
#[derive(Clone)]
pub struct Caller {
    core: Arc<Core>,
    client: Arc<Client>,
    asking: Asking,
    cancelled: CancellationToken,
}

impl Caller {
    pub(crate) fn of(
        core: Arc<Core>,
        client: Arc<Client>,
        asking: Asking,
        cancelled: CancellationToken,
    ) -> Self {
        Self {
            core,
            client,
            asking,
            cancelled,
        }
    }

    /// The connection's public name.
    pub fn connection_id(&self) -> &str {
        self.client.id()
    }

    /// Whose connection it is, as last authenticated.
    pub fn user(&self) -> Arc<User> {
        self.client.connection.user()
    }

    /// The user's id, as it was when the connection was made: the one messages are routed by.
    pub fn user_id(&self) -> Option<&str> {
        self.client.user_id.as_deref()
    }

    /// The request that made the connection.
    ///
    /// # Panics
    ///
    /// Never: a hub method runs only after that request.
    pub fn request(&self) -> &ConnectRequest {
        let request = self.client.connection.request();
        request.expect("hub methods run after the connecting request")
    }

    /// How the client is connected.
    ///
    /// # Panics
    ///
    /// Never: a hub method runs only on a transport.
    pub fn transport(&self) -> Transport {
        let transport = self.client.connection.transport();
        transport.expect("hub methods run on a transport")
    }

    /// What earlier calls of this connection have left here: one value per type. Not to be held across
    /// an `.await`.
    pub fn items(&self) -> MutexGuard<'_, Extensions> {
        self.client
            .items
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Fires when the client cancels this call, or can no longer be reached.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    /// Ends the connection; the client is told not to reconnect.
    pub fn abort(&self) {
        self.client.connection.stop(Stop::Aborted);
    }

    /// The hub's clients, on all servers.
    pub fn clients(&self) -> Clients {
        Clients::of(Arc::clone(&self.core), self.asking.clone())
    }

    /// Who is connected, on all servers.
    pub fn presence(&self) -> Presence {
        Presence::of(Arc::clone(&self.core))
    }

    /// Everyone but the caller.
    pub fn others(&self) -> Recipients {
        self.clients().all().except([self.connection_id()])
    }

    /// Everyone in a group but the caller.
    pub fn others_in_group(&self, group: &str) -> Recipients {
        self.clients().group(group).except([self.connection_id()])
    }

    /// Calls a method of the calling client, without waiting for it.
    pub async fn send(
        &self,
        method: &str,
        arguments: impl ClientArguments,
    ) -> Result<(), SendError> {
        let caller = self.clients().connection(self.connection_id());
        caller.send(method, arguments).await
    }

    /// Puts this connection into a group, until it ends.
    pub async fn join_group(&self, group: &str) -> Result<(), SendError> {
        self.core.join_group(self.connection_id(), group).await
    }

    /// Takes this connection out of a group.
    pub async fn leave_group(&self, group: &str) -> Result<(), SendError> {
        self.core.leave_group(self.connection_id(), group).await
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.client.protocol
    }
}
