//! Whom to tell: everyone, a group, a user, one connection.

use std::{
    any::type_name,
    sync::{Arc, Mutex, PoisonError},
};

use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    arguments::ClientArguments,
    backplane::Target,
    core::Core,
    error::{ClientResultError, SendError},
};

/// The clients of a hub, on all of its servers.
///
/// A send is done when the message is in the outbox of each client of this server and the other
/// servers are sure to get it. It does not wait for any client, and a client, group or user that does
/// not exist is no error.
#[derive(Clone)]
pub struct Clients {
    core: Arc<Core>,
    asking: Asking,
}

/// What a hub method gives up while it waits for a client.
#[derive(Clone)]
pub(crate) enum Asking {
    /// Nothing: it is no hub method.
    Outside,
    /// Its place among the calls of its caller, so that the answer can be read.
    InCall(Arc<CallSlot>),
    /// The client cannot answer before it is connected.
    Connecting,
}

/// The place a running call takes; given back when the call ends or waits for a client.
#[derive(Debug, Default)]
pub(crate) struct CallSlot {
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl CallSlot {
    pub(crate) fn holding(permit: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            permit: Mutex::new(permit),
        }
    }

    pub(crate) fn release(&self) {
        self.permit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}

impl Clients {
    pub(crate) fn of(core: Arc<Core>, asking: Asking) -> Self {
        Self { core, asking }
    }

    /// Everyone.
    pub fn all(&self) -> Recipients {
        self.to(Target::All)
    }

    /// One connection.
    pub fn connection(&self, id: &str) -> Recipient {
        Recipient {
            recipients: self.to(Target::Connections(vec![id.to_owned()])),
            id: id.to_owned(),
            asking: self.asking.clone(),
        }
    }

    /// Several connections.
    pub fn connections<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>) -> Recipients {
        self.to(Target::Connections(collect(ids)))
    }

    /// Everyone in a group.
    pub fn group(&self, name: &str) -> Recipients {
        self.to(Target::Groups(vec![name.to_owned()]))
    }

    /// Everyone in these groups; who is in two of them is told twice.
    pub fn groups<I: Into<String>>(&self, names: impl IntoIterator<Item = I>) -> Recipients {
        self.to(Target::Groups(collect(names)))
    }

    /// All connections of a user.
    pub fn user(&self, id: &str) -> Recipients {
        self.to(Target::Users(vec![id.to_owned()]))
    }

    /// All connections of these users.
    pub fn users<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>) -> Recipients {
        self.to(Target::Users(collect(ids)))
    }

    /// Brings a user, on whichever server, the messages that wait in the hub's
    /// [inbox](crate::HubOptions::inbox): to be called when one was stored, after the commit.
    ///
    /// An error means that other servers do not know yet; they will look by themselves.
    pub async fn deliver(&self, user: &str) -> Result<(), SendError> {
        self.core.deliver(user).await
    }

    fn to(&self, target: Target) -> Recipients {
        Recipients {
            core: Arc::clone(&self.core),
            target,
            except: Vec::new(),
            key: None,
        }
    }
}

/// Some clients, to be told something.
#[must_use]
pub struct Recipients {
    core: Arc<Core>,
    target: Target,
    except: Vec<String>,
    key: Option<String>,
}

impl Recipients {
    /// Leaves out these connections.
    pub fn except<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.except.extend(ids.into_iter().map(Into::into));
        self
    }

    /// Says what the message is about, such as one stock of many: with
    /// [`WhenFull::KeepLatest`](crate::WhenFull::KeepLatest), a client that is too slow gets only the
    /// latest message of each method and key. Without a key, a method has one for all.
    pub fn about(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Calls a method of these clients, without waiting for them. Arguments are a tuple:
    /// `send("Said", (name, text))`.
    pub async fn send(
        self,
        method: &str,
        arguments: impl ClientArguments,
    ) -> Result<(), SendError> {
        let key = self.key.as_deref();
        let parcel = self.core.write(None, method, key, &arguments)?;
        self.core.send(self.target, self.except, parcel).await
    }
}

/// One client, to be told or asked something.
#[must_use]
pub struct Recipient {
    recipients: Recipients,
    id: String,
    asking: Asking,
}

impl Recipient {
    /// Calls a method of this client, without waiting for it.
    pub async fn send(
        self,
        method: &str,
        arguments: impl ClientArguments,
    ) -> Result<(), SendError> {
        self.recipients.send(method, arguments).await
    }

    /// Calls a method of this client and waits for its result, for as long as
    /// [`client_result_timeout`](crate::HubOptions::client_result_timeout) says.
    pub async fn ask<T: DeserializeOwned>(
        self,
        method: &str,
        arguments: impl ClientArguments,
    ) -> Result<T, ClientResultError> {
        match &self.asking {
            Asking::Outside => {}
            Asking::InCall(slot) => slot.release(),
            Asking::Connecting => return Err(ClientResultError::StillConnecting),
        }
        let answer = self
            .recipients
            .core
            .ask(&self.id, method, &arguments)
            .await?;
        answer
            .decode()
            .map_err(|error| ClientResultError::WrongType {
                expected: type_name::<T>(),
                reason: error.to_string(),
            })
    }
}

fn collect<I: Into<String>>(items: impl IntoIterator<Item = I>) -> Vec<String> {
    items.into_iter().map(Into::into).collect()
}
