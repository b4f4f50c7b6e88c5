use application::ports::{Added, CatalogError, SaveError, TenantPage, TenantQuery, Tenants};
use async_trait::async_trait;
use domain::{EmailAddress, Origin, RequestKey, Slug, Status, Tenant, TenantId, UserId};

use super::SqlRecords;
use crate::database::{DatabaseError, Row, sql};

mod steps;

#[async_trait]
impl Tenants for SqlRecords {
    async fn add(&mut self, tenant: &Tenant) -> Result<Added, CatalogError> {
        let (requested_by, request_key) = requested(&tenant.origin);
        let rows = sql("INSERT INTO tenants
                (id, slug, name, admin_email, requested_by, request_key, status, error, steps,
                 job_id, attempt, max_attempts, next_attempt_at, round, version, created_at,
                 updated_at, activated_at, search_text)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                     $18, $19)
             ON CONFLICT DO NOTHING")
        .bind(tenant.id.0)
        .bind(tenant.slug.as_str())
        .bind(tenant.name.as_str())
        .bind(tenant.admin_email.as_str())
        .bind(requested_by)
        .bind(request_key)
        .bind(tenant.status.name())
        .bind(tenant.error.clone())
        .bind(steps::to_json(&tenant.steps))
        .bind(tenant.job_id)
        .bind(tenant.attempt)
        .bind(tenant.max_attempts)
        .bind(tenant.next_attempt_at)
        .bind(tenant.round)
        .bind(tenant.version)
        .bind(tenant.created_at)
        .bind(tenant.updated_at)
        .bind(tenant.activated_at)
        .bind(search_text(tenant))
        .execute(self.link())
        .await?;
        if rows == 1 {
            return Ok(Added::Yes);
        }

        if is_request_known(self, &tenant.origin).await? {
            return Ok(Added::RequestKeyUsed);
        }
        Ok(Added::SlugTaken)
    }

    async fn find(&mut self, id: TenantId) -> Result<Option<Tenant>, CatalogError> {
        let row = sql("SELECT * FROM tenants WHERE id = $1")
            .bind(id.0)
            .first(self.link())
            .await?;
        Ok(row.as_ref().map(tenant).transpose()?)
    }

    async fn find_by_request(
        &mut self,
        requested_by: UserId,
        key: &RequestKey,
    ) -> Result<Option<Tenant>, CatalogError> {
        let row = sql("SELECT * FROM tenants WHERE requested_by = $1 AND request_key = $2")
            .bind(requested_by.0)
            .bind(key.as_str())
            .first(self.link())
            .await?;
        Ok(row.as_ref().map(tenant).transpose()?)
    }

    async fn find_sign_up(&mut self, email: &EmailAddress) -> Result<Option<Tenant>, CatalogError> {
        let row = sql(
            "SELECT * FROM tenants WHERE requested_by IS NULL AND admin_email = $1
             ORDER BY created_at LIMIT 1",
        )
        .bind(email.as_str())
        .first(self.link())
        .await?;
        Ok(row.as_ref().map(tenant).transpose()?)
    }

    async fn is_slug_taken(&mut self, slug: &Slug) -> Result<bool, CatalogError> {
        let row = sql("SELECT 1 AS one FROM tenants WHERE slug = $1")
            .bind(slug.as_str())
            .first(self.link())
            .await?;
        Ok(row.is_some())
    }

    async fn list(&mut self, query: &TenantQuery) -> Result<TenantPage, CatalogError> {
        let status = query.status.map(Status::name);
        let pattern = query.text.as_deref().map(like_pattern);
        let first = i64::from(query.page.max(1) - 1) * i64::from(query.page_size);
        let total = sql(
            "SELECT COUNT(*) AS total FROM tenants
             WHERE ($1 IS NULL OR status = $1) AND ($2 IS NULL OR search_text LIKE $2 ESCAPE '\\')",
        )
        .bind(status)
        .bind(pattern.clone())
        .only(self.link())
        .await?
        .count("total")?;
        let rows = sql("SELECT * FROM tenants
             WHERE ($1 IS NULL OR status = $1) AND ($2 IS NULL OR search_text LIKE $2 ESCAPE '\\')
             ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4")
        .bind(status)
        .bind(pattern)
        .bind(query.page_size)
        .bind(first)
        .all(self.link())
        .await?;

        let items = rows.iter().map(tenant).collect::<Result<_, _>>()?;
        Ok(TenantPage { items, total })
    }

    async fn save(&mut self, tenant: &mut Tenant) -> Result<(), SaveError> {
        let rows = sql("UPDATE tenants
             SET status = $3, error = $4, steps = $5, job_id = $6, attempt = $7,
                 max_attempts = $8, next_attempt_at = $9, round = $10, updated_at = $11,
                 activated_at = $12, version = version + 1
             WHERE id = $1 AND version = $2")
        .bind(tenant.id.0)
        .bind(tenant.version)
        .bind(tenant.status.name())
        .bind(tenant.error.clone())
        .bind(steps::to_json(&tenant.steps))
        .bind(tenant.job_id)
        .bind(tenant.attempt)
        .bind(tenant.max_attempts)
        .bind(tenant.next_attempt_at)
        .bind(tenant.round)
        .bind(tenant.updated_at)
        .bind(tenant.activated_at)
        .execute(self.link())
        .await?;
        if rows == 0 {
            return Err(SaveError::Stale);
        }

        tenant.version += 1;
        Ok(())
    }

    async fn set_owner(&mut self, tenant: TenantId, owner: UserId) -> Result<UserId, CatalogError> {
        sql(
            "INSERT INTO tenant_owners (tenant_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(tenant.0)
        .bind(owner.0)
        .execute(self.link())
        .await?;
        let owner = self.owner(tenant).await?;
        owner.ok_or_else(|| CatalogError::Unreadable(format!("tenant {tenant} has no owner")))
    }

    async fn owner(&mut self, tenant: TenantId) -> Result<Option<UserId>, CatalogError> {
        let row = sql("SELECT user_id FROM tenant_owners WHERE tenant_id = $1")
            .bind(tenant.0)
            .first(self.link())
            .await?;
        Ok(row.map(|row| row.uuid("user_id")).transpose()?.map(UserId))
    }
}

async fn is_request_known(records: &mut SqlRecords, origin: &Origin) -> Result<bool, CatalogError> {
    match origin {
        Origin::Admin {
            requested_by,
            request_key: Some(key),
        } => {
            let first = records.find_by_request(*requested_by, key).await?;
            Ok(first.is_some())
        }
        _ => Ok(false),
    }
}

fn requested(origin: &Origin) -> (Option<uuid::Uuid>, Option<&str>) {
    match origin {
        Origin::Admin {
            requested_by,
            request_key,
        } => (
            Some(requested_by.0),
            request_key.as_ref().map(RequestKey::as_str),
        ),
        Origin::SignUp => (None, None),
    }
}

fn search_text(tenant: &Tenant) -> String {
    format!("{} {} {}", tenant.name, tenant.slug, tenant.admin_email).to_lowercase()
}

/// What someone typed, to be found anywhere; `%` and `_` stand for themselves.
fn like_pattern(text: &str) -> String {
    let text = text
        .to_lowercase()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{text}%")
}

fn tenant(row: &Row) -> Result<Tenant, DatabaseError> {
    Ok(Tenant {
        id: TenantId(row.uuid("id")?),
        slug: row.parsed("slug")?,
        name: row.parsed("name")?,
        admin_email: row.parsed("admin_email")?,
        origin: origin(row)?,
        status: row.parsed("status")?,
        error: row.text_if_any("error")?,
        steps: steps::from_json(&row.text("steps")?)
            .map_err(|error| DatabaseError::unreadable("steps", error))?,
        job_id: row.uuid("job_id")?,
        attempt: row.count("attempt")?,
        max_attempts: row.count("max_attempts")?,
        next_attempt_at: row.time_if_any("next_attempt_at")?,
        round: row.count("round")?,
        version: row.integer("version")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        activated_at: row.time_if_any("activated_at")?,
    })
}

fn origin(row: &Row) -> Result<Origin, DatabaseError> {
    Ok(match row.uuid_if_any("requested_by")? {
        Some(requested_by) => Origin::Admin {
            requested_by: UserId(requested_by),
            request_key: row.parsed_if_any("request_key")?,
        },
        None => Origin::SignUp,
    })
}
