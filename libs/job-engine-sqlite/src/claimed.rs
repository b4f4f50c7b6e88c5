//! What claims ask for, and what they answer, as statements know them.

use job_engine::BatchId;
use job_engine::storage::{Claim, ClaimedJob, JobId, KnownKind, Lease, StorageError};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::convert::{column, duration, small, stored_version, tags};

/// A claim's part that is for one queue.
pub(crate) struct From<'a> {
    pub(crate) claim: &'a Claim,
    pub(crate) queue: &'a str,
    /// A JSON array.
    pub(crate) kinds: &'a str,
    pub(crate) limit: usize,
}

/// As rows `[name, version]`.
pub(crate) fn kinds_json(kinds: &[KnownKind]) -> String {
    let row = |kind: &KnownKind| json!([kind.name, kind.version]);
    kinds.iter().map(row).collect::<Value>().to_string()
}

pub(crate) fn job(row: &SqliteRow) -> Result<ClaimedJob, StorageError> {
    Ok(ClaimedJob {
        lease: lease(row)?,
        kind: column(row, "kind")?,
        queue: column(row, "queue")?,
        arguments: column(row, "arguments")?,
        attempt: small(column(row, "attempts")?),
        abandoned: small(column(row, "abandoned")?),
        waited: duration(column(row, "waited")?),
        is_rated: false,
        tenant: column(row, "tenant")?,
        tags: tags(row)?,
        batch: column::<Option<Uuid>>(row, "batch")?.map(BatchId),
        trace: column(row, "trace")?,
        version: stored_version(column(row, "version")?),
    })
}

pub(crate) fn lease(row: &SqliteRow) -> Result<Lease, StorageError> {
    Ok(Lease {
        job: JobId(column(row, "id")?),
        epoch: column(row, "epoch")?,
    })
}
