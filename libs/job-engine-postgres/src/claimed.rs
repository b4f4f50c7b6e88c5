//! What claims ask for, and what they answer, as statements know them.

use job_engine::BatchId;
use job_engine::storage::{Claim, ClaimedJob, JobId, Lease};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::convert::{duration, signed, stored_version, unsigned};

/// The kinds that a server knows, column by column.
pub(crate) fn names_and_versions(claim: &Claim) -> (Vec<&str>, Vec<i32>) {
    let kinds = claim.kinds.iter();
    kinds
        .map(|kind| (kind.name.as_str(), signed(kind.version)))
        .unzip()
}

/// From a row that begins as every claim answers it.
pub(crate) fn job(row: &PgRow) -> sqlx::Result<ClaimedJob> {
    Ok(ClaimedJob {
        lease: Lease {
            job: JobId(row.try_get::<Uuid, _>(0)?),
            epoch: row.try_get(1)?,
        },
        kind: row.try_get(2)?,
        queue: row.try_get(3)?,
        arguments: row.try_get(4)?,
        attempt: unsigned(row.try_get(5)?) + 1,
        abandoned: unsigned(row.try_get(6)?),
        waited: duration(row.try_get(13)?),
        is_rated: false,
        version: stored_version(row.try_get(10)?),
        tenant: row.try_get(8)?,
        tags: row.try_get::<Option<_>, _>(9)?.unwrap_or_default(),
        batch: row.try_get::<Option<Uuid>, _>(11)?.map(BatchId),
        trace: row.try_get(12)?,
    })
}
