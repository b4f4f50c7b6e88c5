//! Servers, as storages know them.

use super::{JobId, Lease, ServerId, StorageError};

/// A server, as it announces itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAnnouncement {
    /// New with every start of a server.
    pub id: ServerId,
    /// For people: host and process id, for example `web-1:4711`.
    pub name: String,
    /// From which queues it claims, the first one first.
    pub queues: Vec<String>,
    /// Which kinds of jobs it can run, by all their names.
    pub kinds: Vec<String>,
    /// How many jobs it runs at the same time.
    pub workers: usize,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heartbeat {
    /// The server is known. `lost` are those of the given leases that are no longer valid; `order`
    /// is what people ask of it now.
    Alive {
        /// In no order.
        lost: Vec<Lease>,
        /// `None` to work as usual.
        order: Option<ServerOrder>,
    },
    /// The server was taken for dead and its jobs were given away. It must stop them all and
    /// announce itself anew under another id.
    Gone,
}

/// What people ask of a running server. It holds for this life of the server alone: one that starts
/// anew, or was taken for dead and goes on under another id, works as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerOrder {
    /// Takes no more jobs; what runs goes on.
    Quiet,
    /// Stops as [`RunningServer::stop`](crate::RunningServer::stop) does, with its grace.
    Stop,
}

impl ServerOrder {
    /// Every order.
    pub const ALL: [Self; 2] = [Self::Quiet, Self::Stop];

    /// The name that storages keep.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Stop => "stop",
        }
    }

    /// The order of this [`name`](Self::name).
    pub fn of_name(name: &str) -> Result<Self, StorageError> {
        let found = Self::ALL.into_iter().find(|order| order.name() == name);
        found.ok_or_else(|| StorageError::Corrupt(format!("`{name}` is no order to a server")))
    }
}

/// What was taken over from servers that are dead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rescued {
    /// These are forgotten.
    pub servers: Vec<ServerId>,
    /// These are `Enqueued` again.
    pub jobs: Vec<JobId>,
}
