use async_trait::async_trait;
use job_engine::Storage;
use job_engine::storage::{Limits, StorageError};

use crate::SqliteStorage;
use crate::convert::{now, text, unavailable};

const PAUSE: &str = "
insert into job_engine_pauses (queue, since, \"by\", reason)
values ($1, $2, $3, $4)
on conflict (queue) do update set \"by\" = excluded.\"by\", reason = excluded.reason";

const RESUME: &str = "delete from job_engine_pauses where queue = $1";

#[async_trait]
impl Limits for SqliteStorage {
    async fn pause_queue(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError> {
        let mut write = self.writer.durable().await?;
        sqlx::query(PAUSE)
            .bind(queue)
            .bind(now())
            .bind(text(by))
            .bind(text(reason))
            .execute(&mut *write.transaction)
            .await
            .map_err(unavailable)?;
        write.commit().await
    }

    async fn resume_queue(&self, queue: &str) -> Result<bool, StorageError> {
        let mut write = self.writer.durable().await?;
        let resumed = sqlx::query(RESUME)
            .bind(queue)
            .execute(&mut *write.transaction)
            .await
            .map_err(unavailable)?;
        write.commit().await?;
        self.announce_enqueued();
        Ok(resumed.rows_affected() > 0)
    }
}
