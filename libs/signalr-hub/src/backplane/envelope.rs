//! What servers of one hub say to each other.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::BackplaneError;
use crate::{
    outbox::Subject,
    presence::{Look, Sighting},
    protocol::Protocol,
};

/// One command from one server to all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Envelope {
    /// The server that published it: it has done its part already.
    pub(crate) from: String,
    pub(crate) command: Command,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Command {
    Send {
        target: Target,
        except: Vec<String>,
        parcel: Parcel,
    },
    JoinGroup {
        connection: String,
        group: String,
    },
    LeaveGroup {
        connection: String,
        group: String,
    },
    /// Ends connections because their users' rights ended.
    Revoke {
        target: Target,
    },
    /// Asks a client for a result.
    Ask {
        connection: String,
        question: String,
        parcel: Parcel,
    },
    /// The result of a client, for the server that asked.
    Answer {
        to: String,
        question: String,
        result: ResultOf,
    },
    /// There are durable messages for a user.
    Deliver {
        user: String,
    },
    /// A new server: others say that they live.
    Hello,
    Alive,
    /// This server ends.
    Goodbye,
    /// Asks every server what it sees.
    Look {
        question: String,
        look: Look,
    },
    /// What a server sees, for the one that asked.
    Seen {
        to: String,
        question: String,
        sighting: Sighting,
    },
}

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Target {
    All,
    Connections(Vec<String>),
    Groups(Vec<String>),
    Users(Vec<String>),
}

/// A message to clients, complete, in each protocol that clients may speak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parcel {
    pub(crate) subject: Subject,
    pub(crate) json: Bytes,
    pub(crate) message_pack: Option<Bytes>,
}

impl Parcel {
    pub(crate) fn written_in(&self, protocol: Protocol) -> Option<&Bytes> {
        match protocol {
            Protocol::Json => Some(&self.json),
            Protocol::MessagePack => self.message_pack.as_ref(),
        }
    }
}

/// What became of a question to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum ResultOf {
    Json(Bytes),
    MessagePack(Bytes),
    Nothing,
    Failed(String),
    Disconnected,
}

impl Envelope {
    pub(crate) fn to_bytes(&self) -> Result<Bytes, BackplaneError> {
        rmp_serde::to_vec(self)
            .map(Bytes::from)
            .map_err(BackplaneError::caused_by)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, BackplaneError> {
        rmp_serde::from_slice(bytes).map_err(BackplaneError::caused_by)
    }
}
