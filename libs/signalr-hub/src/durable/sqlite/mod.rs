//! An inbox in a SQLite database.

use async_trait::async_trait;
use sqlx::{QueryBuilder, SqliteConnection, SqlitePool};

use super::{
    DurableMessage, Inbox, InboxError, InboxLimits, InboxStore, NumberedMessage,
    rows::{MessageRow, NewestRow, message_of, newest_of},
};

/// Keeps messages in a SQLite database, in the tables `signalr_hub_inbox…`.
///
/// SQLite has one writer at a time: give the pool a `busy_timeout`, and WAL mode, so that readers do not
/// wait for it.
#[derive(Debug, Clone)]
pub struct SqliteInbox {
    pool: SqlitePool,
    hub: String,
    limits: InboxLimits,
}

impl SqliteInbox {
    /// Opens the inbox of a hub, after making its tables if they are not there. Hubs with different
    /// names may share a database.
    pub async fn open(
        pool: SqlitePool,
        hub: &str,
        limits: InboxLimits,
    ) -> Result<Self, InboxError> {
        sqlx::raw_sql(include_str!("schema.sql"))
            .execute(&pool)
            .await?;
        Ok(Self {
            pool,
            hub: hub.to_owned(),
            limits,
        })
    }

    /// Stores a message in your transaction: with the commit it is sent, with a rollback it never was.
    pub async fn add_in(
        &self,
        transaction: &mut SqliteConnection,
        user: &str,
        message: &DurableMessage,
    ) -> Result<u64, InboxError> {
        let number: i64 = sqlx::query_scalar(
            "INSERT INTO signalr_hub_inbox_users (hub, user_id, newest) VALUES ($1, $2, 1)
             ON CONFLICT (hub, user_id) DO UPDATE SET newest = newest + 1
             RETURNING newest",
        )
        .bind(&self.hub)
        .bind(user)
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO signalr_hub_inbox (hub, user_id, number, method, arguments, has_number)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&self.hub)
        .bind(user)
        .bind(number)
        .bind(message.method())
        .bind(message.arguments())
        .bind(message.has_number())
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM signalr_hub_inbox WHERE hub = $1 AND user_id = $2 AND number <= $3",
        )
        .bind(&self.hub)
        .bind(user)
        .bind(number - i64::from(self.limits.per_user))
        .execute(transaction)
        .await?;
        Ok(number.unsigned_abs())
    }
}

#[async_trait]
impl Inbox for SqliteInbox {
    async fn acknowledged(&self, user: &str) -> Result<u64, InboxError> {
        let up_to: Option<i64> = sqlx::query_scalar(
            "SELECT acknowledged FROM signalr_hub_inbox_users WHERE hub = $1 AND user_id = $2",
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
            "UPDATE signalr_hub_inbox_users SET acknowledged = $3
             WHERE hub = $1 AND user_id = $2 AND acknowledged < $3",
        )
        .bind(&self.hub)
        .bind(user)
        .bind(up_to.cast_signed())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn newest(&self, users: &[String]) -> Result<Vec<(String, u64)>, InboxError> {
        let mut query =
            QueryBuilder::new("SELECT user_id, newest FROM signalr_hub_inbox_users WHERE hub = ");
        query.push_bind(&self.hub).push(" AND user_id IN (");
        let mut list = query.separated(", ");
        for user in users {
            list.push_bind(user);
        }
        query.push(")");
        let newest: Vec<NewestRow> = query.build_query_as().fetch_all(&self.pool).await?;
        Ok(newest.into_iter().map(newest_of).collect())
    }

    async fn clean(&self) -> Result<(), InboxError> {
        sqlx::query(
            "DELETE FROM signalr_hub_inbox
             WHERE hub = $1 AND sent_at < unixepoch('subsec') - $2 AND (
                 sent_at < unixepoch('subsec') - $3
                 OR number <= (
                     SELECT acknowledged FROM signalr_hub_inbox_users AS users
                     WHERE users.hub = signalr_hub_inbox.hub
                       AND users.user_id = signalr_hub_inbox.user_id
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
impl InboxStore for SqliteInbox {
    async fn add(&self, user: &str, message: &DurableMessage) -> Result<u64, InboxError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let number = self.add_in(&mut transaction, user, message).await?;
        transaction.commit().await?;
        Ok(number)
    }
}
