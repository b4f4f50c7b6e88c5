use async_trait::async_trait;
use job_engine::storage::{
    Command, Cursor, JobId, JobQuery, NewOperation, Operation, OperationId, OperationStatus,
    Operations, Storage, StorageError, Test, TimeRange,
};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use tokio::time::Instant;
use uuid::Uuid;

use crate::SqliteStorage;
use crate::clock::now;
use crate::commanding::{self, Seen};
use crate::convert::{column, count, rows, text, timestamp, unavailable};
use crate::search;

const BEGIN: &str = "
insert into job_engine_operations
  (id, command, query, words, actor, reason, total, started_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)";

const NEWEST: &str = "
select id, command, words, actor, reason, total, done, skipped, status, started_at, ended_at
from job_engine_operations
where $1 is null or id = $1
order by id desc
limit $2";

const STOP: &str = "
update job_engine_operations set status = 'Stopped', ended_at = $2
where id = $1 and status = 'Running'";

const NEXT: &str = "
select id, command, query, reason, after_id, started_at, after_changed_at
from job_engine_operations
where status = 'Running'
order by id
limit 1";

/// Fails to match when another process has advanced it in between.
const PROGRESS: &str = "
update job_engine_operations
set done = done + $2, skipped = skipped + $3, after_changed_at = $4, after_id = $5,
  status = iif($5 is null, 'Finished', 'Running'), ended_at = iif($5 is null, $6, null)
where id = $1 and status = 'Running' and after_id is $7";

#[async_trait]
impl Operations for SqliteStorage {
    async fn begin_operation(&self, new: &NewOperation) -> Result<(), StorageError> {
        let mut write = self.writer.durable().await?;
        begin(&mut write.transaction, new).await?;
        write.commit().await?;
        self.operation_begun.notify_one();
        Ok(())
    }

    async fn operations(&self, limit: usize) -> Result<Vec<Operation>, StorageError> {
        let newest = sqlx::query(NEWEST)
            .bind(None::<Uuid>)
            .bind(rows(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        newest.iter().map(operation).collect()
    }

    async fn operation(&self, id: OperationId) -> Result<Option<Operation>, StorageError> {
        let found = sqlx::query(NEWEST)
            .bind(id.0)
            .bind(1_i64)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
        found.as_ref().map(operation).transpose()
    }

    async fn stop_operation(&self, id: OperationId) -> Result<bool, StorageError> {
        let mut write = self.writer.durable().await?;
        let was_running = stop(&mut write.transaction, id).await?;
        write.commit().await?;
        Ok(was_running)
    }

    async fn advance_operation(&self, limit: usize) -> Result<Option<usize>, StorageError> {
        // Who has nothing to do only reads, and who has reads before it writes.
        let Some(row) = sqlx::query(NEXT)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?
        else {
            return Ok(None);
        };
        let mut next = Next::of(&row)?;
        let mut looked_at = 0;
        let mut found = self.look(next.query.clone(), limit).await?;
        loop {
            looked_at += found.jobs.len();
            let left = limit - looked_at;
            let beyond = JobQuery {
                after: found.jobs.last().copied(),
                ..next.query.clone()
            };
            // One writes at a time, but anybody may read beside.
            let ahead = async {
                let more = left > 0 && !found.is_last;
                if more {
                    self.look(beyond, left).await.map(Some)
                } else {
                    Ok(None)
                }
            };
            let (is_ours, ahead) = tokio::join!(self.carry_out(&mut next, &found), ahead);
            match (is_ours?, ahead?) {
                (true, Some(more)) => found = more,
                _ => return Ok(Some(looked_at)),
            }
        }
    }

    async fn operation_begun(&self) {
        self.operation_begun.notified().await;
    }
}

/// What an operation does in one turn.
struct Piece {
    jobs: Vec<Cursor>,
    /// No more jobs match.
    is_last: bool,
}

impl SqliteStorage {
    /// For as many jobs as are changed in a turn, at most `most`.
    async fn look(&self, query: JobQuery, most: usize) -> Result<Piece, StorageError> {
        let wanted = most.min(self.in_a_turn.jobs());
        let jobs = search::changes(&self.pool, &self.deep, &query, wanted).await?;
        let is_last = jobs.len() < wanted;
        Ok(Piece { jobs, is_last })
    }

    /// Takes a turn to write. Answers whether no other process was quicker.
    async fn carry_out(&self, next: &mut Next, piece: &Piece) -> Result<bool, StorageError> {
        let mut write = self.writer.quick().await?;
        let begun = Instant::now();
        let Some(done) = next.carry_out(&mut write.transaction, piece).await? else {
            return Ok(false);
        };
        write.commit().await?;
        self.in_a_turn.took(piece.jobs.len(), begun.elapsed());

        next.query.after = piece.jobs.last().copied();
        if done > 0 {
            self.announce_enqueued();
        }
        Ok(true)
    }
}

pub(crate) async fn begin(
    connection: &mut SqliteConnection,
    new: &NewOperation,
) -> Result<(), StorageError> {
    let query = serde_json::to_string(&new.query).expect("a query is always JSON");
    sqlx::query(BEGIN)
        .bind(new.id.0)
        .bind(new.command.name())
        .bind(text(&query))
        .bind(text(&new.words))
        .bind(text(&new.actor))
        .bind(text(&new.reason))
        .bind(i64::try_from(new.total).unwrap_or(i64::MAX))
        .bind(now())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// Answers whether it was still running.
pub(crate) async fn stop(
    connection: &mut SqliteConnection,
    id: OperationId,
) -> Result<bool, StorageError> {
    let stopped = sqlx::query(STOP)
        .bind(id.0)
        .bind(now())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(stopped.rows_affected() > 0)
}

/// The operation whose turn it is.
struct Next {
    id: Uuid,
    command: Command,
    query: JobQuery,
    reason: String,
}

impl Next {
    fn of(row: &SqliteRow) -> Result<Self, StorageError> {
        let query: &str = column(row, "query")?;
        let mut query: JobQuery = serde_json::from_str(query)
            .map_err(|error| StorageError::Corrupt(format!("an operation's query: {error}")))?;
        let before_it_began = TimeRange {
            from: None,
            until: Some(timestamp(column(row, "started_at")?)?),
        };
        query
            .conditions
            .push(Test::Changed(before_it_began).holds());
        let after: (Option<i64>, Option<Uuid>) =
            (column(row, "after_changed_at")?, column(row, "after_id")?);
        if let (Some(changed_at), Some(id)) = after {
            query.after = Some(Cursor {
                changed_at: timestamp(changed_at)?,
                id: JobId(id),
            });
        }
        Ok(Self {
            id: column(row, "id")?,
            command: Command::of_name(column(row, "command")?)?,
            reason: column(row, "reason")?,
            query,
        })
    }

    /// Answers on how many jobs of the piece it was carried out; the others have moved on. `None`
    /// when another process was quicker.
    async fn carry_out(
        &self,
        connection: &mut SqliteConnection,
        piece: &Piece,
    ) -> Result<Option<usize>, StorageError> {
        let seen = piece.jobs.iter().map(|change| Seen {
            job: change.id,
            changed_at: Some(change.changed_at),
        });
        let seen: Vec<Seen> = seen.collect();
        let done = commanding::carry_out(connection, &seen, self.command, &self.reason).await?;
        let skipped = seen.len().saturating_sub(done);
        let next = piece.jobs.last().filter(|_| !piece.is_last);

        let advanced = sqlx::query(PROGRESS)
            .bind(self.id)
            .bind(rows(done))
            .bind(rows(skipped))
            .bind(next.map(|next| next.changed_at.as_microsecond()))
            .bind(next.map(|next| next.id.0))
            .bind(now())
            .bind(self.query.after.map(|after| after.id.0))
            .execute(connection)
            .await
            .map_err(unavailable)?;
        Ok((advanced.rows_affected() > 0).then_some(done))
    }
}

fn operation(row: &SqliteRow) -> Result<Operation, StorageError> {
    let ended_at: Option<i64> = column(row, "ended_at")?;
    Ok(Operation {
        id: OperationId(column(row, "id")?),
        command: Command::of_name(column(row, "command")?)?,
        words: column(row, "words")?,
        actor: column(row, "actor")?,
        reason: column(row, "reason")?,
        total: count(column(row, "total")?),
        done: count(column(row, "done")?),
        skipped: count(column(row, "skipped")?),
        status: OperationStatus::of_name(column(row, "status")?)?,
        started_at: timestamp(column(row, "started_at")?)?,
        ended_at: ended_at.map(timestamp).transpose()?,
    })
}
