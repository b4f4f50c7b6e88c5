use async_trait::async_trait;
use job_engine::storage::{
    Command, Cursor, JobId, JobQuery, NewOperation, Operation, OperationId, OperationStatus,
    Operations, StorageError, Test, TimeRange,
};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, Postgres, Transaction};
use uuid::Uuid;

use crate::PostgresStorage;
use crate::commanding::{self, Done, Seen};
use crate::convert::{column, count, rows, text, timestamp, unavailable};
use crate::search;
use crate::transaction;

const BEGIN: &str = "
insert into job_engine.operations (id, command, query, words, actor, reason, total)
values ($1, $2, $3, $4, $5, $6, $7)";

const NEWEST: &str = "
select id, command, words, actor, reason, total, done, skipped, status,
  (extract(epoch from started_at) * 1000000)::bigint as started_at,
  (extract(epoch from ended_at) * 1000000)::bigint as ended_at
from job_engine.operations
where $1::uuid is null or id = $1
order by id desc
limit $2";

const STOP: &str = "
update job_engine.operations set status = 'Stopped', ended_at = clock_timestamp()
where id = $1 and status = 'Running'";

/// Whoever holds it advances it; the others find nothing to do.
const NEXT: &str = "
select id, command, query, reason, after_id,
  (extract(epoch from started_at) * 1000000)::bigint as started_at,
  (extract(epoch from after_changed_at) * 1000000)::bigint as after_changed_at
from job_engine.operations
where status = 'Running'
order by id
limit 1
for update skip locked";

const PROGRESS: &str = "
update job_engine.operations
set done = done + $2, skipped = skipped + $3,
  after_changed_at = 'epoch'::timestamptz + $4 * interval '1 microsecond', after_id = $5,
  status = case when $5 is null then 'Finished' else 'Running' end,
  ended_at = case when $5 is null then clock_timestamp() end
where id = $1";

/// Of one transaction: large enough that the work of its statements, and not their number, is what takes
/// time.
const PIECE: usize = 2000;

#[async_trait]
impl Operations for PostgresStorage {
    async fn begin_operation(&self, new: &NewOperation) -> Result<(), StorageError> {
        begin(&self.pool, new).await?;
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
        stop(&self.pool, id).await
    }

    async fn advance_operation(&self, limit: usize) -> Result<Option<usize>, StorageError> {
        let Some((mut transaction, mut next)) = self.turn().await? else {
            return Ok(None);
        };
        let mut looked_at = 0;
        let mut piece = self.look(next.query.clone(), limit).await?;
        loop {
            looked_at += piece.jobs.len();
            // The next ones are looked for while these are changed.
            let ahead = self.look_beyond(&next.query, &piece, limit - looked_at);
            let (done, ahead) = tokio::join!(next.carry_out(&mut transaction, &piece), ahead);
            let done = done?;
            transaction.commit().await.map_err(unavailable)?;
            self.spread_news().await;
            self.announce_done(done);

            let Some(more) = ahead? else {
                return Ok(Some(looked_at));
            };
            match self.turn().await? {
                Some((again, same)) if same.follows(next.id, &piece) => {
                    (transaction, next, piece) = (again, same, more);
                }
                _ => return Ok(Some(looked_at)),
            }
        }
    }

    async fn operation_begun(&self) {
        self.operation_begun.notified().await;
    }
}

impl PostgresStorage {
    /// `None` when no operation runs, or other servers advance all that do: the transaction holds it.
    async fn turn(&self) -> Result<Option<(Begun, Next)>, StorageError> {
        let mut transaction = transaction::begin(&self.engine)
            .await
            .map_err(unavailable)?;
        let row = sqlx::query(NEXT)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable)?;
        let next = row.as_ref().map(Next::of).transpose()?;
        Ok(next.map(|next| (transaction, next)))
    }

    /// For the jobs of one transaction, at most `most`.
    async fn look(&self, query: JobQuery, most: usize) -> Result<Piece, StorageError> {
        let wanted = most.min(PIECE);
        let jobs = search::changes(&self.pool, &query, wanted).await?;
        let is_last = jobs.len() < wanted;
        Ok(Piece { jobs, is_last })
    }

    /// `None` when there is nothing to look for.
    async fn look_beyond(
        &self,
        query: &JobQuery,
        piece: &Piece,
        most: usize,
    ) -> Result<Option<Piece>, StorageError> {
        if most == 0 || piece.is_last {
            return Ok(None);
        }
        let beyond = JobQuery {
            after: piece.jobs.last().copied(),
            ..query.clone()
        };
        self.look(beyond, most).await.map(Some)
    }
}

pub(crate) async fn begin(
    executor: impl PgExecutor<'_>,
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
        .execute(executor)
        .await
        .map_err(unavailable)?;
    Ok(())
}

/// Answers whether it was still running.
pub(crate) async fn stop(
    executor: impl PgExecutor<'_>,
    id: OperationId,
) -> Result<bool, StorageError> {
    let stopped = sqlx::query(STOP)
        .bind(id.0)
        .execute(executor)
        .await
        .map_err(unavailable)?;
    Ok(stopped.rows_affected() > 0)
}

/// What an operation does in one transaction.
struct Piece {
    jobs: Vec<Cursor>,
    /// No more jobs match.
    is_last: bool,
}

type Begun = Transaction<'static, Postgres>;

/// The operation whose turn it is.
struct Next {
    id: Uuid,
    command: Command,
    query: JobQuery,
    reason: String,
}

impl Next {
    fn of(row: &PgRow) -> Result<Self, StorageError> {
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

    /// Whether the piece was the last that anybody carried out for this operation.
    fn follows(&self, operation: Uuid, piece: &Piece) -> bool {
        let after = self.query.after.map(|after| after.id);
        self.id == operation && after == piece.jobs.last().map(|last| last.id)
    }

    /// Jobs of the piece that have moved on are left alone.
    async fn carry_out(
        &self,
        transaction: &mut Begun,
        piece: &Piece,
    ) -> Result<Done, StorageError> {
        let connection: &mut PgConnection = transaction;
        let seen = piece.jobs.iter().map(|change| Seen {
            job: change.id,
            changed_at: Some(change.changed_at),
        });
        let seen: Vec<Seen> = seen.collect();
        let places = search::places(&self.query);
        let done =
            commanding::carry_out(connection, &seen, &places, self.command, &self.reason).await?;
        let skipped = seen.len().saturating_sub(done.jobs);
        let last = piece.jobs.last().filter(|_| !piece.is_last);

        sqlx::query(PROGRESS)
            .bind(self.id)
            .bind(rows(done.jobs))
            .bind(rows(skipped))
            .bind(last.map(|last| last.changed_at.as_microsecond()))
            .bind(last.map(|last| last.id.0))
            .execute(connection)
            .await
            .map_err(unavailable)?;
        Ok(done)
    }
}

fn operation(row: &PgRow) -> Result<Operation, StorageError> {
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
