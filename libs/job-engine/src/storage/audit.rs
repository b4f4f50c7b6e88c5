use async_trait::async_trait;
use jiff::Timestamp;

use super::StorageError;

/// What people did, for ever.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Writes it down.
    async fn record(&self, deed: &Deed) -> Result<(), StorageError>;

    /// What was written down, newest first: at most `limit` entries, those before the entry with
    /// this number.
    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StorageError>;
}

/// Something that a person did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deed {
    /// Who.
    pub actor: String,
    /// What, in a word or two, for example `requeue`.
    pub action: String,
    /// On what: a job's id, a search, a queue.
    pub target: String,
    /// Why, if they said so.
    pub reason: Option<String>,
    /// On how many jobs.
    pub jobs: u64,
}

/// A deed with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Rises from entry to entry.
    pub number: u64,
    pub at: Timestamp,
    pub deed: Deed,
}
