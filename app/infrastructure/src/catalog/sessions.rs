use application::ports::{CatalogError, RefreshToken, Session, SessionId, Sessions, TokenHash};
use async_trait::async_trait;
use domain::UserId;
use jiff::Timestamp;

use super::SqlRecords;
use crate::database::{DatabaseError, Row, sql};

#[async_trait]
impl Sessions for SqlRecords {
    async fn add(&mut self, session: &Session) -> Result<(), CatalogError> {
        sql(
            "INSERT INTO sessions (id, user_id, started_at, expires_at, ended_at)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(session.id.0)
        .bind(session.user_id.0)
        .bind(session.started_at)
        .bind(session.expires_at)
        .bind(session.ended_at)
        .execute(self.link())
        .await?;
        Ok(())
    }

    async fn find(&mut self, id: SessionId) -> Result<Option<Session>, CatalogError> {
        let row = sql("SELECT * FROM sessions WHERE id = $1")
            .bind(id.0)
            .first(self.link())
            .await?;
        Ok(row.as_ref().map(session).transpose()?)
    }

    async fn add_token(
        &mut self,
        session: SessionId,
        hash: &TokenHash,
    ) -> Result<(), CatalogError> {
        sql("INSERT INTO refresh_tokens (hash, session_id) VALUES ($1, $2)")
            .bind(hash.0.as_str())
            .bind(session.0)
            .execute(self.link())
            .await?;
        Ok(())
    }

    async fn find_token(&mut self, hash: &TokenHash) -> Result<Option<RefreshToken>, CatalogError> {
        let row = sql("SELECT sessions.*, refresh_tokens.used_at
             FROM refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session_id
             WHERE refresh_tokens.hash = $1")
        .bind(hash.0.as_str())
        .first(self.link())
        .await?;
        Ok(row.as_ref().map(refresh_token).transpose()?)
    }

    async fn use_token(&mut self, hash: &TokenHash, now: Timestamp) -> Result<bool, CatalogError> {
        let rows =
            sql("UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1 AND used_at IS NULL")
                .bind(hash.0.as_str())
                .bind(now)
                .execute(self.link())
                .await?;
        Ok(rows == 1)
    }

    async fn end(&mut self, id: SessionId, now: Timestamp) -> Result<(), CatalogError> {
        sql("UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
            .bind(id.0)
            .bind(now)
            .execute(self.link())
            .await?;
        Ok(())
    }

    async fn end_all(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        sql("UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL")
            .bind(user.0)
            .bind(now)
            .execute(self.link())
            .await?;
        Ok(())
    }

    async fn remove_expired(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        sql("DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2")
            .bind(user.0)
            .bind(now)
            .execute(self.link())
            .await?;
        Ok(())
    }

    async fn remove_all_expired(&mut self, now: Timestamp) -> Result<u64, CatalogError> {
        let removed = sql("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(now)
            .execute(self.link())
            .await?;
        Ok(removed)
    }
}

fn session(row: &Row) -> Result<Session, DatabaseError> {
    Ok(Session {
        id: SessionId(row.uuid("id")?),
        user_id: UserId(row.uuid("user_id")?),
        started_at: row.time("started_at")?,
        expires_at: row.time("expires_at")?,
        ended_at: row.time_if_any("ended_at")?,
    })
}

fn refresh_token(row: &Row) -> Result<RefreshToken, DatabaseError> {
    Ok(RefreshToken {
        session: session(row)?,
        used_at: row.time_if_any("used_at")?,
    })
}
