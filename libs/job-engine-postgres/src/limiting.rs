use std::collections::BTreeMap;

use async_trait::async_trait;
use job_engine::Storage;
use job_engine::storage::{Limits, Pause, StorageError};
use sqlx::PgPool;

use crate::PostgresStorage;
use crate::convert::{column, text, timestamp, unavailable};

const PAUSE: &str = "
insert into job_engine.pauses (queue, since, by, reason)
values ($1, clock_timestamp(), $2, $3)
on conflict (queue) do update set by = excluded.by, reason = excluded.reason";

const RESUME: &str = "delete from job_engine.pauses where queue = $1";

const PAUSES: &str = "
select queue, (extract(epoch from since) * 1000000)::bigint as since, by, reason
from job_engine.pauses";

#[async_trait]
impl Limits for PostgresStorage {
    async fn pause_queue(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError> {
        sqlx::query(PAUSE)
            .bind(queue)
            .bind(text(by))
            .bind(text(reason))
            .execute(&self.engine)
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn resume_queue(&self, queue: &str) -> Result<bool, StorageError> {
        let resumed = sqlx::query(RESUME)
            .bind(queue)
            .execute(&self.engine)
            .await
            .map_err(unavailable)?;
        self.announce_enqueued();
        Ok(resumed.rows_affected() > 0)
    }
}

/// Every pause, by its queue.
pub(crate) async fn pauses(pool: &PgPool) -> Result<BTreeMap<String, Pause>, StorageError> {
    let rows = sqlx::query(PAUSES)
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    rows.iter()
        .map(|row| {
            let pause = Pause {
                by: column(row, "by")?,
                reason: column(row, "reason")?,
                since: timestamp(column(row, "since")?)?,
            };
            Ok((column(row, "queue")?, pause))
        })
        .collect()
}
