//! An inbox in a PostgreSQL database.

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool};

use super::{
    DurableMessage, Inbox, InboxError, InboxLimits, InboxStore, NumberedMessage,
    rows::{MessageRow, NewestRow, message_of, newest_of},
};

/// Keeps messages in a PostgreSQL database, in the tables `signalr_hub_inbox…`.
#[derive(Debug, Clone)]
pub struct PostgresInbox {
    pool: PgPool,
    hub: String,
    limits: InboxLimits,
}

impl PostgresInbox {
    /// Opens the inbox of a hub, after making its tables if they are not there. Hubs with different
    /// names may share a database.
    pub async fn open(pool: PgPool, hub: &str, limits: InboxLimits) -> Result<Self, InboxError> {
        make_tables(&pool).await?;
        Ok(Self {
            pool,
            hub: hub.to_owned(),
            limits,
        })
    }

    /// Stores a message in your transaction: with the commit it is sent, with a rollback it never was.
    ///
    /// From here to the commit, others who send to the same user wait, so that numbers appear in their
    /// order. Whoever tells several users in one transaction takes them in a fixed order, lest two wait
    /// for each other.
    pub async fn add_in(
        &self,
        transaction: &mut PgConnection,
        user: &str,
        message: &DurableMessage,
    ) -> Result<u64, InboxError> {
        let number: i64 = sqlx::query_scalar(
            "WITH numbered AS (
                 INSERT INTO signalr_hub_inbox_numbers AS numbers (hub, user_id, newest)
                 VALUES ($1, $2, 1)
                 ON CONFLICT (hub, user_id) DO UPDATE SET newest = numbers.newest + 1
                 RETURNING newest
             ), trimmed AS (
                 DELETE FROM signalr_hub_inbox
                 WHERE hub = $1 AND user_id = $2 AND number <= (SELECT newest FROM numbered) - $6
             )
             INSERT INTO signalr_hub_inbox (hub, user_id, number, method, arguments, has_number)
             SELECT $1, $2, newest, $3, $4, $5 FROM numbered
             RETURNING number",
        )
        .bind(&self.hub)
        .bind(user)
        .bind(message.method())
        .bind(message.arguments())
        .bind(message.has_number())
        .bind(i64::from(self.limits.per_user))
        .fetch_one(transaction)
        .await?;
        Ok(number.unsigned_abs())
    }
}

#[async_trait]
impl Inbox for PostgresInbox {
    async fn acknowledged(&self, user: &str) -> Result<u64, InboxError> {
        let up_to: Option<i64> = sqlx::query_scalar(
            "SELECT up_to FROM signalr_hub_inbox_acknowledged WHERE hub = $1 AND user_id = $2",
        )
        .bind(&self.hub)
        .bind(user)
        .fetch_optional(&self.pool)
        .await?;
        Ok(up_to.unwrap_or(0).unsigned_abs())
    }

    async fn after(
        &self,
        user: &str,
        number: u64,
        limit: usize,
    ) -> Result<Vec<NumberedMessage>, InboxError> {
        let rows: Vec<MessageRow> = sqlx::query_as(
            "SELECT number, method, arguments, has_number FROM signalr_hub_inbox
             WHERE hub = $1 AND user_id = $2 AND number > $3
             ORDER BY number LIMIT $4",
        )
        .bind(&self.hub)
        .bind(user)
        .bind(number.cast_signed())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(message_of).collect()
    }

    async fn acknowledge(&self, user: &str, up_to: u64) -> Result<(), InboxError> {
        sqlx::query(
            "INSERT INTO signalr_hub_inbox_acknowledged AS known (hub, user_id, up_to)
             VALUES ($1, $2, $3)
             ON CONFLICT (hub, user_id) DO UPDATE SET up_to = excluded.up_to
             WHERE known.up_to < excluded.up_to",
        )
        .bind(&self.hub)
        .bind(user)
        .bind(up_to.cast_signed())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn newest(&self, users: &[String]) -> Result<Vec<(String, u64)>, InboxError> {
        let newest: Vec<NewestRow> = sqlx::query_as(
            "SELECT user_id, newest FROM signalr_hub_inbox_numbers
             WHERE hub = $1 AND user_id = ANY($2)",
        )
        .bind(&self.hub)
        .bind(users)
        .fetch_all(&self.pool)
        .await?;
        Ok(newest.into_iter().map(newest_of).collect())
    }

    async fn clean(&self) -> Result<(), InboxError> {
        sqlx::query(
            "DELETE FROM signalr_hub_inbox AS inbox
             WHERE hub = $1 AND sent_at < now() - make_interval(secs => $2) AND (
                 sent_at < now() - make_interval(secs => $3)
                 OR number <= (
                     SELECT up_to FROM signalr_hub_inbox_acknowledged AS known
                     WHERE known.hub = inbox.hub AND known.user_id = inbox.user_id
                 )
             )",
        )
        .bind(&self.hub)
        .bind(self.limits.keep_acknowledged_for().as_secs_f64())
        .bind(self.limits.keep_for.as_secs_f64())
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

#[async_trait]
impl InboxStore for PostgresInbox {
    async fn add(&self, user: &str, message: &DurableMessage) -> Result<u64, InboxError> {
        let mut connection = self.pool.acquire().await?;
        self.add_in(&mut connection, user, message).await
    }
}

async fn make_tables(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // "IF NOT EXISTS" alone fails when two servers start at the same time.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('signalr_hub_inbox', 0))")
        .execute(&mut *transaction)
        .await?;
    sqlx::raw_sql(include_str!("schema.sql"))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}
