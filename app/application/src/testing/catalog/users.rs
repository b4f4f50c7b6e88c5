use async_trait::async_trait;
use domain::{EmailAddress, TenantId, User, UserId};

use super::CatalogState;
use crate::ports::{CatalogError, PasswordHash, Users};

impl CatalogState {
    /// With what other records say about them.
    fn complete(&self, user: &User) -> User {
        let mut owned: Vec<TenantId> = self.owners.keys().copied().collect();
        owned.retain(|tenant| self.owners[tenant] == user.id);
        User {
            tenant_id: owned.into_iter().min(),
            has_password: self.passwords.contains_key(&user.id),
            ..user.clone()
        }
    }
}

#[async_trait]
impl Users for CatalogState {
    async fn add(&mut self, user: &User) -> Result<bool, CatalogError> {
        let is_known = self.users.iter().any(|it| it.email == user.email);
        if !is_known {
            self.users.push(user.clone());
        }
        Ok(!is_known)
    }

    async fn find(&mut self, id: UserId) -> Result<Option<User>, CatalogError> {
        let user = self.users.iter().find(|it| it.id == id);
        Ok(user.map(|user| self.complete(user)))
    }

    async fn find_by_email(&mut self, email: &EmailAddress) -> Result<Option<User>, CatalogError> {
        let user = self.users.iter().find(|it| it.email == *email);
        Ok(user.map(|user| self.complete(user)))
    }

    async fn has_super_admin(&mut self) -> Result<bool, CatalogError> {
        Ok(self.users.iter().any(|it| it.is_super_admin))
    }

    async fn make_super_admin(&mut self, id: UserId) -> Result<(), CatalogError> {
        for user in self.users.iter_mut().filter(|it| it.id == id) {
            user.is_super_admin = true;
        }
        Ok(())
    }

    async fn password(&mut self, id: UserId) -> Result<Option<PasswordHash>, CatalogError> {
        Ok(self.passwords.get(&id).cloned())
    }

    async fn set_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), CatalogError> {
        self.passwords.insert(id, hash.clone());
        Ok(())
    }
}
