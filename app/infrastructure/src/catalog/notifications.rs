use application::ports::{CatalogError, NotificationQuery, Notifications};
use async_trait::async_trait;
use domain::{Notification, NotificationId, TenantId, UserId};
use jiff::Timestamp;

use super::SqlRecords;
use crate::database::{DatabaseError, Row, sql};

#[async_trait]
impl Notifications for SqlRecords {
    async fn add(&mut self, notification: &Notification) -> Result<bool, CatalogError> {
        let rows = sql("INSERT INTO notifications
                (id, user_id, kind, message, tenant_id, occasion, created_at, read_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING")
        .bind(notification.id.0)
        .bind(notification.user_id.0)
        .bind(notification.kind.name())
        .bind(notification.message.as_str())
        .bind(notification.tenant_id.0)
        .bind(notification.occasion.as_str())
        .bind(notification.created_at)
        .bind(notification.read_at)
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

    async fn waiting(&mut self, tenant: TenantId) -> Result<Vec<Notification>, CatalogError> {
        let rows = sql(
            "SELECT * FROM notifications WHERE tenant_id = $1 AND pushed_at IS NULL ORDER BY id",
        )
        .bind(tenant.0)
        .all(self.link())
        .await?;
        Ok(rows.iter().map(notification).collect::<Result<_, _>>()?)
    }

    async fn mark_pushed(
        &mut self,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        sql("UPDATE notifications SET pushed_at = $2 WHERE id = $1")
            .bind(id.0)
            .bind(now)
            .execute(self.link())
            .await?;
        Ok(())
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
