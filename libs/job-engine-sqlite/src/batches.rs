//! What is told of batches, and of who continues whom.

use async_trait::async_trait;
use job_engine::storage::{BatchProgress, Batches, JobId, StorageError};
use job_engine::{BatchId, Parent};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::SqliteStorage;
use crate::convert::{column, count, rows, timestamp, unavailable};

const BATCH: &str = "
select id, jobs, succeeded, failed, deleted, created_at, ended_at
from job_engine_batches
where id = $1";

/// Ids sort by the time of their making.
const BATCHES: &str = "
select id, jobs, succeeded, failed, deleted, created_at, ended_at
from job_engine_batches
where id < coalesce($1, x'ffffffffffffffffffffffffffffffff')
order by id desc
limit $2";

/// What a job continues, and whether it is a batch.
const PARENTS: &str = "
select parent, is_batch from job_engine_families where child = $1 order by parent limit $2";

const CHILDREN: &str = "
select child from job_engine_families where parent = $1 order by child limit $2";

#[async_trait]
impl Batches for SqliteStorage {
    async fn batch(&self, id: BatchId) -> Result<Option<BatchProgress>, StorageError> {
        let mut connection = self.pool.acquire().await.map_err(unavailable)?;
        progress(&mut connection, id).await
    }

    async fn batches(
        &self,
        before: Option<BatchId>,
        limit: usize,
    ) -> Result<Vec<BatchProgress>, StorageError> {
        let rows = sqlx::query(BATCHES)
            .bind(before.map(|before| before.0))
            .bind(rows(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        rows.iter().map(read).collect()
    }

    async fn parents(&self, job: JobId, limit: usize) -> Result<Vec<Parent>, StorageError> {
        let parents: Vec<(Uuid, bool)> = sqlx::query_as(PARENTS)
            .bind(job.0)
            .bind(rows(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        let parent = |(id, is_batch)| Parent::of(id, is_batch);
        Ok(parents.into_iter().map(parent).collect())
    }

    async fn children(&self, parent: Parent, limit: usize) -> Result<Vec<JobId>, StorageError> {
        let children: Vec<Uuid> = sqlx::query_scalar(CHILDREN)
            .bind(parent.id())
            .bind(rows(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        Ok(children.into_iter().map(JobId).collect())
    }
}

pub(crate) async fn progress(
    connection: &mut SqliteConnection,
    id: BatchId,
) -> Result<Option<BatchProgress>, StorageError> {
    let row = sqlx::query(BATCH)
        .bind(id.0)
        .fetch_optional(connection)
        .await
        .map_err(unavailable)?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<BatchProgress, StorageError> {
    let number = |name| column(row, name).map(count);
    let ended_at: Option<i64> = column(row, "ended_at")?;
    Ok(BatchProgress {
        id: BatchId(column(row, "id")?),
        created_at: timestamp(column(row, "created_at")?)?,
        jobs: number("jobs")?,
        succeeded: number("succeeded")?,
        failed: number("failed")?,
        deleted: number("deleted")?,
        ended_at: ended_at.map(timestamp).transpose()?,
    })
}
