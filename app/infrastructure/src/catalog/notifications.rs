use application::ports::{CatalogError, NotificationQuery, Notifications};
use async_trait::async_trait;
use domain::{Notification, NotificationId, TenantId, UserId};
use jiff::Timestamp;

use super::SqlRecords;
use crate::database::{DatabaseError, Row, sql};

#[async_trait]
impl Notifications for SqlRecords {
    async fn add(&mut self, notification: &Notification) -> Result<bool, CatalogError> {
        let user = notification.user_id;
        let number = sql(
            "INSERT INTO notification_numbers (user_id, newest) VALUES ($1, 1)
             ON CONFLICT (user_id) DO UPDATE SET newest = notification_numbers.newest + 1
             RETURNING newest",
        )
        .bind(user.0)
        .only(self.link())
        .await?
        .integer("newest")?;
        let rows = sql("INSERT INTO notifications
                (id, user_id, kind, message, tenant_id, occasion, created_at, read_at, number)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING")
        .bind(notification.id.0)
        .bind(user.0)
        .bind(notification.kind.name())
        .bind(notification.message.as_str())
        .bind(notification.tenant_id.0)
        .bind(notification.occasion.as_str())
        .bind(notification.created_at)
        .bind(notification.read_at)
        .bind(number)
        .execute(self.link())
        .await?;
        Ok(rows == 1)
    }

    async fn list(&mut self, query: &NotificationQuery) -> Result<Vec<Notification>, CatalogError> {
        let rows = sql("SELECT * FROM notifications
             WHERE user_id = $1 AND ($2 IS NULL OR id < $2) AND (read_at IS NULL OR NOT $3)
             ORDER BY id DESC LIMIT $4")
        .bind(query.user.0)
        .bind(query.after.map(|after| after.0))
        .bind(query.unread_only)
        .bind(query.limit)
        .all(self.link())
        .await?;
        Ok(rows.iter().map(notification).collect::<Result<_, _>>()?)
    }

    async fn unread_count(&mut self, user: UserId) -> Result<u64, CatalogError> {
        let row = sql(
            "SELECT COUNT(*) AS unread FROM notifications WHERE user_id = $1 AND read_at IS NULL",
        )
        .bind(user.0)
        .only(self.link())
        .await?;
        Ok(row.count("unread")?)
    }

    async fn mark_read(
        &mut self,
        user: UserId,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<bool, CatalogError> {
        let rows = sql("UPDATE notifications SET read_at = COALESCE(read_at, $3)
             WHERE id = $1 AND user_id = $2")
        .bind(id.0)
        .bind(user.0)
        .bind(now)
        .execute(self.link())
        .await?;
        Ok(rows == 1)
    }

    async fn mark_all_read(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        sql("UPDATE notifications SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL")
            .bind(user.0)
            .bind(now)
            .execute(self.link())
            .await?;
        Ok(())
    }

    async fn delivered(&mut self, user: UserId) -> Result<u64, CatalogError> {
        let row = sql("SELECT delivered FROM notification_numbers WHERE user_id = $1")
            .bind(user.0)
            .first(self.link())
            .await?;
        Ok(row.map_or(Ok(0), |row| row.count("delivered"))?)
    }

    async fn after(
        &mut self,
        user: UserId,
        number: u64,
        limit: u32,
    ) -> Result<Vec<(u64, Notification)>, CatalogError> {
        let rows = sql(
            "SELECT * FROM notifications WHERE user_id = $1 AND number > $2
             ORDER BY number LIMIT $3",
        )
        .bind(user.0)
        .bind(number.cast_signed())
        .bind(limit)
        .all(self.link())
        .await?;
        let numbered = |row: &Row| Ok((row.count("number")?, notification(row)?));
        Ok(rows
            .iter()
            .map(numbered)
            .collect::<Result<_, DatabaseError>>()?)
    }

    async fn mark_delivered(&mut self, user: UserId, up_to: u64) -> Result<(), CatalogError> {
        sql("UPDATE notification_numbers SET delivered = $2
             WHERE user_id = $1 AND delivered < $2 AND newest >= $2")
        .bind(user.0)
        .bind(up_to.cast_signed())
        .execute(self.link())
        .await?;
        Ok(())
    }

    async fn undelivered(&mut self) -> Result<Vec<(UserId, u64)>, CatalogError> {
        let rows = sql("SELECT user_id, newest FROM notification_numbers WHERE newest > delivered")
            .all(self.link())
            .await?;
        let waiting = |row: &Row| Ok((UserId(row.uuid("user_id")?), row.count("newest")?));
        Ok(rows
            .iter()
            .map(waiting)
            .collect::<Result<_, DatabaseError>>()?)
    }
}

fn notification(row: &Row) -> Result<Notification, DatabaseError> {
    Ok(Notification {
        id: NotificationId(row.uuid("id")?),
        user_id: UserId(row.uuid("user_id")?),
        kind: row.parsed("kind")?,
        message: row.text("message")?,
        tenant_id: TenantId(row.uuid("tenant_id")?),
        occasion: row.text("occasion")?,
        created_at: row.time("created_at")?,
        read_at: row.time_if_any("read_at")?,
    })
}
