//! What is told of batches, and of who continues whom.

use async_trait::async_trait;
use job_engine::storage::{BatchProgress, Batches, JobId, StorageError};
use job_engine::{BatchId, Parent};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::PostgresStorage;
use crate::convert::{column, count, rows, timestamp, unavailable};

const BATCH: &str = "
select id, jobs, succeeded, failed, deleted,
  (extract(epoch from created_at) * 1000000)::bigint as created_at,
  (extract(epoch from ended_at) * 1000000)::bigint as ended_at
from job_engine.batches
where id = $1";

/// Ids sort by the time of their making.
const BATCHES: &str = "
select id, jobs, succeeded, failed, deleted,
  (extract(epoch from created_at) * 1000000)::bigint as created_at,
  (extract(epoch from ended_at) * 1000000)::bigint as ended_at
from job_engine.batches
where id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
order by id desc
limit $2";

/// What a job continues, and whether it is a batch.
const PARENTS: &str = "
select parent, is_batch from job_engine.families where child = $1 order by parent limit $2";

const CHILDREN: &str = "
select child from job_engine.families where parent = $1 order by child limit $2";

#[async_trait]
impl Batches for PostgresStorage {
    async fn batch(&self, id: BatchId) -> Result<Option<BatchProgress>, StorageError> {
        let row = sqlx::query(BATCH)
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
        row.as_ref().map(read).transpose()
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

fn read(row: &PgRow) -> Result<BatchProgress, StorageError> {
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
