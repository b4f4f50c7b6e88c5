use async_trait::async_trait;
use domain::{EmailAddress, Origin, RequestKey, Slug, Tenant, TenantId, UserId};

use super::CatalogState;
use crate::ports::{Added, CatalogError, SaveError, TenantPage, TenantQuery, Tenants};

#[async_trait]
impl Tenants for CatalogState {
    async fn add(&mut self, tenant: &Tenant) -> Result<Added, CatalogError> {
        if let Origin::Admin {
            requested_by,
            request_key: Some(key),
        } = &tenant.origin
            && self.find_by_request(*requested_by, key).await?.is_some()
        {
            return Ok(Added::RequestKeyUsed);
        }
        if self.is_slug_taken(&tenant.slug).await? {
            return Ok(Added::SlugTaken);
        }

        self.tenants.push(tenant.clone());
        Ok(Added::Yes)
    }

    async fn find(&mut self, id: TenantId) -> Result<Option<Tenant>, CatalogError> {
        Ok(self.tenants.iter().find(|it| it.id == id).cloned())
    }

    async fn find_by_request(
        &mut self,
        by: UserId,
        key: &RequestKey,
    ) -> Result<Option<Tenant>, CatalogError> {
        let wanted = Origin::Admin {
            requested_by: by,
            request_key: Some(key.clone()),
        };
        Ok(self.tenants.iter().find(|it| it.origin == wanted).cloned())
    }

    async fn find_sign_up(&mut self, email: &EmailAddress) -> Result<Option<Tenant>, CatalogError> {
        let mut tenants = self.tenants.iter();
        let found = tenants.find(|it| it.origin == Origin::SignUp && it.admin_email == *email);
        Ok(found.cloned())
    }

    async fn is_slug_taken(&mut self, slug: &Slug) -> Result<bool, CatalogError> {
        Ok(self.tenants.iter().any(|it| it.slug == *slug))
    }

    async fn list(&mut self, query: &TenantQuery) -> Result<TenantPage, CatalogError> {
        let text = query.text.as_deref().unwrap_or_default().to_lowercase();
        let found = self.tenants.iter().rev().filter(|it| {
            let searched = format!("{} {} {}", it.name, it.slug, it.admin_email).to_lowercase();
            query.status.is_none_or(|status| it.status == status) && searched.contains(&text)
        });
        let found: Vec<Tenant> = found.cloned().collect();
        let first = (query.page.max(1) - 1) as usize * query.page_size as usize;
        Ok(TenantPage {
            total: found.len() as u64,
            items: found
                .into_iter()
                .skip(first)
                .take(query.page_size as usize)
                .collect(),
        })
    }

    async fn save(&mut self, tenant: &mut Tenant) -> Result<(), SaveError> {
        let mut tenants = self.tenants.iter_mut();
        let stored = tenants.find(|it| it.id == tenant.id && it.version == tenant.version);
        let stored = stored.ok_or(SaveError::Stale)?;

        tenant.version += 1;
        stored.clone_from(tenant);
        Ok(())
    }

    async fn set_owner(&mut self, tenant: TenantId, owner: UserId) -> Result<UserId, CatalogError> {
        Ok(*self.owners.entry(tenant).or_insert(owner))
    }

    async fn owner(&mut self, tenant: TenantId) -> Result<Option<UserId>, CatalogError> {
        Ok(self.owners.get(&tenant).copied())
    }
}
