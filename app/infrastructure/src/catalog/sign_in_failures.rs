use application::ports::{CatalogError, SignInFailures, SignInTrouble};
use async_trait::async_trait;
use domain::EmailAddress;
use jiff::Timestamp;

use super::SqlRecords;
use crate::database::sql;

#[async_trait]
impl SignInFailures for SqlRecords {
    async fn find(&mut self, email: &EmailAddress) -> Result<Option<SignInTrouble>, CatalogError> {
        let row = sql("SELECT failures, last_at FROM sign_in_failures WHERE email = $1")
            .bind(email.as_str())
            .first(self.link())
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        Ok(Some(SignInTrouble {
            failures: row.count("failures")?,
            last_at: row.time("last_at")?,
        }))
    }

    async fn add(&mut self, email: &EmailAddress, now: Timestamp) -> Result<(), CatalogError> {
        sql(
            "INSERT INTO sign_in_failures (email, failures, last_at) VALUES ($1, 1, $2)
             ON CONFLICT (email) DO UPDATE
             SET failures = sign_in_failures.failures + 1, last_at = excluded.last_at",
        )
        .bind(email.as_str())
        .bind(now)
        .execute(self.link())
        .await?;
        Ok(())
    }

    async fn clear(&mut self, email: &EmailAddress) -> Result<(), CatalogError> {
        sql("DELETE FROM sign_in_failures WHERE email = $1")
            .bind(email.as_str())
            .execute(self.link())
            .await?;
        Ok(())
    }

    async fn remove_older_than(&mut self, time: Timestamp) -> Result<(), CatalogError> {
        sql("DELETE FROM sign_in_failures WHERE last_at < $1")
            .bind(time)
            .execute(self.link())
            .await?;
        Ok(())
    }
}
