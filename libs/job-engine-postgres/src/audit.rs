use async_trait::async_trait;
use job_engine::Storage;
use job_engine::storage::{AuditEntry, AuditLog, CarriedOut, Deed, Order, StorageError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor};

use crate::PostgresStorage;
use crate::convert::{column, count, rows, text, timestamp, unavailable};
use crate::transaction::begin;
use crate::{enqueuing, limiting, operations, recurring, servers};

const RECORD: &str = "
insert into job_engine.audit (actor, action, target, reason, jobs) values ($1, $2, $3, $4, $5)";

const AUDIT: &str = "
select number, actor, action, target, reason, jobs,
  (extract(epoch from at) * 1000000)::bigint as at
from job_engine.audit
where $1::bigint is null or number < $1
order by number desc
limit $2";

#[async_trait]
impl AuditLog for PostgresStorage {
    async fn carry_out(&self, order: &Order, deed: &Deed) -> Result<CarriedOut, StorageError> {
        let mut transaction = begin(&self.engine).await.map_err(unavailable)?;
        let carried_out = carry_out(&mut transaction, order).await?;
        if !carried_out.is_done() {
            return Ok(carried_out);
        }
        record(&mut *transaction, deed).await?;
        transaction.commit().await.map_err(unavailable)?;
        self.tell_of(order).await;
        Ok(carried_out)
    }

    async fn record(&self, deed: &Deed) -> Result<(), StorageError> {
        record(&self.pool, deed).await
    }

    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StorageError> {
        let entries = sqlx::query(AUDIT)
            .bind(before.map(|before| i64::try_from(before).unwrap_or(i64::MAX)))
            .bind(rows(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(unavailable)?;
        entries.iter().map(entry).collect()
    }
}

impl PostgresStorage {
    /// Wakes those whom an order concerns.
    async fn tell_of(&self, order: &Order) {
        match order {
            Order::Enqueue(job) if !job.is_plain() => self.spread_news().await,
            Order::AdvanceRecurring(plan) if !plan.is_plain() => self.spread_news().await,
            Order::SaveRecurring(_) => self.announce_recurring(),
            _ => {}
        }
        self.announce_enqueued();
    }
}

async fn carry_out(
    connection: &mut PgConnection,
    order: &Order,
) -> Result<CarriedOut, StorageError> {
    let changed = match order {
        Order::Enqueue(job) => {
            let duplicates = enqueuing::enqueue(connection, std::slice::from_ref(job)).await?;
            duplicates.is_empty()
        }
        Order::PauseQueue { queue, by, reason } => {
            limiting::pause_running(connection, queue, by, reason).await?
        }
        Order::ResumeQueue { queue } => limiting::resume(connection, queue).await?,
        Order::SetLimit { of, limit, seen } => {
            let is_as_seen = limiting::is_as_seen(connection, of, *seen).await?;
            if is_as_seen {
                limiting::set(connection, of, *limit).await?;
            }
            is_as_seen
        }
        Order::RemoveLimit { of, seen } => {
            limiting::is_as_seen(connection, of, *seen).await?
                && limiting::remove(connection, of).await?
        }
        Order::OrderServer { server, order } => servers::order(connection, *server, *order).await?,
        Order::BeginOperation(new) => {
            operations::begin(connection, new).await?;
            true
        }
        Order::StopOperation(id) => operations::stop(connection, *id).await?,
        Order::SaveRecurring(record) => recurring::save(connection, record).await?,
        Order::RemoveRecurring { id } => recurring::remove(connection, id).await?,
        Order::AdvanceRecurring(plan) => {
            let plans = std::slice::from_ref(plan);
            return Ok(recurring::advance(connection, plans).await?.pop().into());
        }
    };
    Ok(changed.into())
}

fn entry(row: &PgRow) -> Result<AuditEntry, StorageError> {
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

/// Writes the deed down, in the transaction of what was done.
pub(crate) async fn record(executor: impl PgExecutor<'_>, deed: &Deed) -> Result<(), StorageError> {
    sqlx::query(RECORD)
        .bind(text(&deed.actor))
        .bind(text(&deed.action))
        .bind(text(&deed.target))
        .bind(deed.reason.as_deref().map(text))
        .bind(i64::try_from(deed.jobs).unwrap_or(i64::MAX))
        .execute(executor)
        .await
        .map_err(unavailable)?;
    Ok(())
}
