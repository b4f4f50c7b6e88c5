use application::ports::{CatalogError, OneTimeLinks, TokenHash};
use async_trait::async_trait;
use domain::UserId;
use jiff::Timestamp;

use super::SqlRecords;
use crate::database::sql;

#[async_trait]
impl OneTimeLinks for SqlRecords {
    async fn put(
        &mut self,
        user: UserId,
        hash: &TokenHash,
        expires_at: Timestamp,
    ) -> Result<(), CatalogError> {
        sql(
            "INSERT INTO one_time_links (user_id, hash, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE
             SET hash = excluded.hash, expires_at = excluded.expires_at, used_at = NULL",
        )
        .bind(user.0)
        .bind(hash.0.as_str())
        .bind(expires_at)
        .execute(self.link())
        .await?;
        Ok(())
    }

    async fn find(
        &mut self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, CatalogError> {
        let row = sql("SELECT user_id FROM one_time_links
             WHERE hash = $1 AND used_at IS NULL AND expires_at > $2")
        .bind(hash.0.as_str())
        .bind(now)
        .first(self.link())
        .await?;
        Ok(row.map(|row| row.uuid("user_id")).transpose()?.map(UserId))
    }

    async fn redeem(
        &mut self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, CatalogError> {
        let row = sql("UPDATE one_time_links SET used_at = $2
             WHERE hash = $1 AND used_at IS NULL AND expires_at > $2
             RETURNING user_id")
        .bind(hash.0.as_str())
        .bind(now)
        .first(self.link())
        .await?;
        Ok(row.map(|row| row.uuid("user_id")).transpose()?.map(UserId))
    }

    async fn remove_spent(&mut self, now: Timestamp) -> Result<u64, CatalogError> {
        let removed =
            sql("DELETE FROM one_time_links WHERE used_at IS NOT NULL OR expires_at <= $1")
                .bind(now)
                .execute(self.link())
                .await?;
        Ok(removed)
    }
}
