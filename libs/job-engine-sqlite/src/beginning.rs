use job_engine::storage::{Lease, Settled, StorageError};

use crate::convert::unavailable;
use crate::writer::Writer;

const BEGIN: &str = "
update job_engine_jobs set begun = epoch where id = $1 and epoch = $2 and state = 'Processing'";

/// Notes that the run of this claim has begun.
pub(crate) async fn begin(writer: &Writer, lease: Lease) -> Result<Settled, StorageError> {
    let mut write = writer.quick().await?;
    let noted = sqlx::query(BEGIN)
        .bind(lease.job.0)
        .bind(lease.epoch)
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    write.commit().await?;
    Ok(if noted.rows_affected() == 0 {
        Settled::Stale
    } else {
        Settled::Accepted
    })
}
