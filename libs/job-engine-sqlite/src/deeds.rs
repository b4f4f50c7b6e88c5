//! What people did, as it is written down.

use job_engine::storage::{AuditEntry, Deed, StorageError};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use crate::clock::now;
use crate::convert::{column, count, rows, text, timestamp, unavailable};

const RECORD: &str = "
insert into job_engine_audit (at, actor, action, target, reason, jobs)
values ($6, $1, $2, $3, $4, $5)";

const AUDIT: &str = "
select number, at, actor, action, target, reason, jobs
from job_engine_audit
where $1 is null or number < $1
order by number desc
limit $2";

/// Writes the deed down, in the transaction of what was done.
pub(crate) async fn record(
    connection: &mut SqliteConnection,
    deed: &Deed,
) -> Result<(), StorageError> {
    sqlx::query(RECORD)
        .bind(text(&deed.actor))
        .bind(text(&deed.action))
        .bind(text(&deed.target))
        .bind(deed.reason.as_deref().map(text))
        .bind(i64::try_from(deed.jobs).unwrap_or(i64::MAX))
        .bind(now())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// The latest with a number below `before`, the newest first.
pub(crate) async fn before(
    pool: &SqlitePool,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<AuditEntry>, StorageError> {
    let entries = sqlx::query(AUDIT)
        .bind(before.map(|before| i64::try_from(before).unwrap_or(i64::MAX)))
        .bind(rows(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    entries.iter().map(entry).collect()
}

fn entry(row: &SqliteRow) -> Result<AuditEntry, StorageError> {
    Ok(AuditEntry {
        number: count(column(row, "number")?),
        at: timestamp(column(row, "at")?)?,
        deed: Deed {
            actor: column(row, "actor")?,
            action: column(row, "action")?,
            target: column(row, "target")?,
            reason: column(row, "reason")?,
            jobs: count(column(row, "jobs")?),
        },
    })
}
