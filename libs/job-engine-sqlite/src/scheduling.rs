//! What the passing of time does to jobs.

use job_engine::storage::{DueJobs, StorageError, reasons};
use sqlx::SqlitePool;

use crate::clock::now;
use crate::convert::{duration, rows, unavailable};
use crate::writer::Writer;

const NEXT_DUE: &str = "select min(due_at) from job_engine_jobs where state = 'Scheduled'";

const REMEMBER_DUE: &str = "
insert into job_engine_history (job, stage, attempt, state, changed_at, due_at, reason)
select id, stages, attempts, state, changed_at, due_at, reason
from job_engine_jobs
where state = 'Scheduled' and due_at <= $1
order by due_at, id
limit $2";

const ENQUEUE_DUE: &str = "
update job_engine_jobs
set state = 'Enqueued', changed_at = $1, enqueued_at = $1, enqueue_reason = $3, due_at = null,
  reason = null, stages = stages + 1
where id in (
  select id from job_engine_jobs
  where state = 'Scheduled' and due_at <= $1
  order by due_at, id
  limit $2
)";

pub(crate) async fn enqueue_due(
    pool: &SqlitePool,
    writer: &Writer,
    limit: usize,
) -> Result<DueJobs, StorageError> {
    let mut enqueued = 0;
    // A scheduler that has nothing to do only reads.
    if next_due(pool).await?.is_some_and(|due_at| due_at <= now()) {
        enqueued = move_due(writer, limit).await?;
    }

    let next = next_due(pool).await?;
    Ok(DueJobs {
        enqueued,
        next_in: next.map(|due_at| duration(due_at - now())),
    })
}

async fn next_due(pool: &SqlitePool) -> Result<Option<i64>, StorageError> {
    sqlx::query_scalar(NEXT_DUE)
        .fetch_one(pool)
        .await
        .map_err(unavailable)
}

async fn move_due(writer: &Writer, limit: usize) -> Result<usize, StorageError> {
    let mut write = writer.quick().await?;
    let now = now();
    sqlx::query(REMEMBER_DUE)
        .bind(now)
        .bind(rows(limit))
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    let moved = sqlx::query(ENQUEUE_DUE)
        .bind(now)
        .bind(rows(limit))
        .bind(reasons::DUE)
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    write.commit().await?;
    Ok(usize::try_from(moved.rows_affected()).unwrap_or(usize::MAX))
}
