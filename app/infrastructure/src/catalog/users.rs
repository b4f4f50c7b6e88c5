use application::ports::{CatalogError, PasswordHash, Users};
use async_trait::async_trait;
use domain::{EmailAddress, TenantId, User, UserId};

use super::SqlRecords;
use crate::database::{DatabaseError, Row, sql};

#[async_trait]
impl Users for SqlRecords {
    async fn add(&mut self, user: &User) -> Result<bool, CatalogError> {
        let rows = sql(
            "INSERT INTO users (id, email, display_name, is_super_admin, created_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(user.id.0)
        .bind(user.email.as_str())
        .bind(user.display_name.as_str())
        .bind(user.is_super_admin)
        .bind(user.created_at)
        .execute(self.link())
        .await?;
        Ok(rows == 1)
    }

    async fn find(&mut self, id: UserId) -> Result<Option<User>, CatalogError> {
        let row = sql("SELECT users.*,
                 (SELECT tenant_id FROM tenant_owners WHERE user_id = users.id
                  ORDER BY tenant_id LIMIT 1) AS tenant_id
             FROM users WHERE id = $1")
        .bind(id.0)
        .first(self.link())
        .await?;
        Ok(row.as_ref().map(user).transpose()?)
    }

    async fn find_by_email(&mut self, email: &EmailAddress) -> Result<Option<User>, CatalogError> {
        let row = sql("SELECT users.*,
                 (SELECT tenant_id FROM tenant_owners WHERE user_id = users.id
                  ORDER BY tenant_id LIMIT 1) AS tenant_id
             FROM users WHERE email = $1")
        .bind(email.as_str())
        .first(self.link())
        .await?;
        Ok(row.as_ref().map(user).transpose()?)
    }

    async fn has_super_admin(&mut self) -> Result<bool, CatalogError> {
        let row = sql("SELECT id FROM users WHERE is_super_admin LIMIT 1")
            .first(self.link())
            .await?;
        Ok(row.is_some())
    }

    async fn make_super_admin(&mut self, id: UserId) -> Result<(), CatalogError> {
        sql("UPDATE users SET is_super_admin = $2 WHERE id = $1")
            .bind(id.0)
            .bind(true)
            .execute(self.link())
            .await?;
        Ok(())
    }

    async fn password(&mut self, id: UserId) -> Result<Option<PasswordHash>, CatalogError> {
        let row = sql("SELECT password_hash FROM users WHERE id = $1")
            .bind(id.0)
            .first(self.link())
            .await?;
        let hash = row
            .map(|row| row.text_if_any("password_hash"))
            .transpose()?;
        Ok(hash.flatten().map(PasswordHash))
    }

    async fn set_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), CatalogError> {
        sql("UPDATE users SET password_hash = $2 WHERE id = $1")
            .bind(id.0)
            .bind(hash.0.as_str())
            .execute(self.link())
            .await?;
        Ok(())
    }
}

fn user(row: &Row) -> Result<User, DatabaseError> {
    Ok(User {
        id: UserId(row.uuid("id")?),
        email: row.parsed("email")?,
        display_name: row.text("display_name")?,
        is_super_admin: row.flag("is_super_admin")?,
        tenant_id: row.uuid_if_any("tenant_id")?.map(TenantId),
        has_password: row.text_if_any("password_hash")?.is_some(),
        created_at: row.time("created_at")?,
    })
}
