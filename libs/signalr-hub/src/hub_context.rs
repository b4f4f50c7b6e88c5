//! Speaking to a hub's clients from outside of its methods.

use std::sync::Arc;

use crate::{
    backplane::Target,
    clients::{Asking, Clients},
    core::Core,
    endpoint::Endpoint,
    error::SendError,
    presence::Presence,
};

/// A handle to a running hub, for the rest of the program. Cheap to clone.
#[derive(Clone)]
pub struct HubContext {
    core: Arc<Core>,
    endpoint: Arc<Endpoint>,
}

impl HubContext {
    pub(crate) fn of(core: Arc<Core>, endpoint: Arc<Endpoint>) -> Self {
        Self { core, endpoint }
    }

    /// The hub's clients, on all servers.
    pub fn clients(&self) -> Clients {
        Clients::of(Arc::clone(&self.core), Asking::Outside)
    }

    /// Puts a connection, on whichever server, into a group. No error if there is no such connection.
    pub async fn join_group(&self, connection: &str, group: &str) -> Result<(), SendError> {
        self.core.join_group(connection, group).await
    }

    /// Takes a connection, on whichever server, out of a group.
    pub async fn leave_group(&self, connection: &str, group: &str) -> Result<(), SendError> {
        self.core.leave_group(connection, group).await
    }

    /// Ends all connections of a user, on all servers: their rights have changed or ended. Clients may
    /// reconnect, and are then authenticated anew.
    ///
    /// Those of this server end in any case; an error says that others could not be told.
    pub async fn revoke_user(&self, user: &str) -> Result<(), SendError> {
        self.core.revoke(Target::Users(vec![user.to_owned()])).await
    }

    /// Ends one connection, on whichever server. The client may reconnect.
    pub async fn revoke_connection(&self, connection: &str) -> Result<(), SendError> {
        let target = Target::Connections(vec![connection.to_owned()]);
        self.core.revoke(target).await
    }

    /// Who is connected, on all servers.
    pub fn presence(&self) -> Presence {
        Presence::of(Arc::clone(&self.core))
    }

    /// The ids of all connections of this server.
    pub fn local_connections(&self) -> Vec<String> {
        self.core.connections.ids(&Target::All)
    }

    /// The ids of a user's connections of this server.
    pub fn local_connections_of_user(&self, user: &str) -> Vec<String> {
        self.core
            .connections
            .ids(&Target::Users(vec![user.to_owned()]))
    }

    /// The ids of a group's connections of this server.
    pub fn local_connections_in_group(&self, group: &str) -> Vec<String> {
        self.core
            .connections
            .ids(&Target::Groups(vec![group.to_owned()]))
    }

    /// Ends all connections of this server and lets no other in: before the program ends. Clients are
    /// told that they may reconnect, and get five seconds to be told.
    pub async fn stop(&self) {
        self.endpoint.stop().await;
        self.core.stop().await;
    }
}
