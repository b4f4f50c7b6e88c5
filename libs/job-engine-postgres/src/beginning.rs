use job_engine::storage::{Lease, Settled, StorageError};
use sqlx::PgPool;

use crate::convert::unavailable;

const BEGIN: &str = "
update job_engine.ready set begun = epoch where id = $1 and epoch = $2 and server is not null";

/// Notes that the run of this claim has begun.
pub(crate) async fn begin(pool: &PgPool, lease: Lease) -> Result<Settled, StorageError> {
    let noted = sqlx::query(BEGIN)
        .bind(lease.job.0)
        .bind(lease.epoch)
        .execute(pool)
        .await
        .map_err(unavailable)?;
    Ok(if noted.rows_affected() == 0 {
        Settled::Stale
    } else {
        Settled::Accepted
    })
}
