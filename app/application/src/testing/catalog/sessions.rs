use async_trait::async_trait;
use domain::{EmailAddress, UserId};
use jiff::Timestamp;

use super::{CatalogState, StoredLink};
use crate::ports::{
    CatalogError, OneTimeLinks, RefreshToken, Session, SessionId, Sessions, SignInFailures,
    SignInTrouble, TokenHash,
};

#[async_trait]
impl Sessions for CatalogState {
    async fn add(&mut self, session: &Session) -> Result<(), CatalogError> {
        self.sessions.push(session.clone());
        Ok(())
    }

    async fn find(&mut self, id: SessionId) -> Result<Option<Session>, CatalogError> {
        Ok(self.sessions.iter().find(|it| it.id == id).cloned())
    }

    async fn add_token(
        &mut self,
        session: SessionId,
        hash: &TokenHash,
    ) -> Result<(), CatalogError> {
        self.tokens.insert(hash.clone(), (session, None));
        Ok(())
    }

    async fn find_token(&mut self, hash: &TokenHash) -> Result<Option<RefreshToken>, CatalogError> {
        let Some((session, used_at)) = self.tokens.get(hash).copied() else {
            return Ok(None);
        };
        let session = Sessions::find(self, session).await?;
        Ok(session.map(|session| RefreshToken { session, used_at }))
    }

    async fn use_token(&mut self, hash: &TokenHash, now: Timestamp) -> Result<bool, CatalogError> {
        match self.tokens.get_mut(hash) {
            Some((_, used_at @ None)) => {
                *used_at = Some(now);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn end(&mut self, id: SessionId, now: Timestamp) -> Result<(), CatalogError> {
        for session in self.sessions.iter_mut().filter(|it| it.id == id) {
            session.ended_at.get_or_insert(now);
        }
        Ok(())
    }

    async fn end_all(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        for session in self.sessions.iter_mut().filter(|it| it.user_id == user) {
            session.ended_at.get_or_insert(now);
        }
        Ok(())
    }

    async fn remove_expired(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        self.sessions
            .retain(|it| it.user_id != user || it.expires_at > now);
        Ok(())
    }

    async fn remove_all_expired(&mut self, now: Timestamp) -> Result<u64, CatalogError> {
        let before = self.sessions.len();
        self.sessions.retain(|it| it.expires_at > now);
        Ok((before - self.sessions.len()) as u64)
    }
}

#[async_trait]
impl OneTimeLinks for CatalogState {
    async fn put(
        &mut self,
        user: UserId,
        hash: &TokenHash,
        expires_at: Timestamp,
    ) -> Result<(), CatalogError> {
        let link = StoredLink {
            hash: hash.clone(),
            expires_at,
            is_used: false,
        };
        self.links.insert(user, link);
        Ok(())
    }

    async fn find(
        &mut self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, CatalogError> {
        let mut links = self.links.iter();
        let usable = links.find(|(_, it)| it.hash == *hash && !it.is_used && it.expires_at > now);
        Ok(usable.map(|(user, _)| *user))
    }

    async fn redeem(
        &mut self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, CatalogError> {
        let user = OneTimeLinks::find(self, hash, now).await?;
        if let Some(link) = user.and_then(|user| self.links.get_mut(&user)) {
            link.is_used = true;
        }
        Ok(user)
    }

    async fn remove_spent(&mut self, now: Timestamp) -> Result<u64, CatalogError> {
        let before = self.links.len();
        self.links
            .retain(|_, it| !it.is_used && it.expires_at > now);
        Ok((before - self.links.len()) as u64)
    }
}

#[async_trait]
impl SignInFailures for CatalogState {
    async fn find(&mut self, email: &EmailAddress) -> Result<Option<SignInTrouble>, CatalogError> {
        Ok(self.failures.get(email).copied())
    }

    async fn add(&mut self, email: &EmailAddress, now: Timestamp) -> Result<(), CatalogError> {
        let earlier = self.failures.get(email).map_or(0, |it| it.failures);
        let trouble = SignInTrouble {
            failures: earlier + 1,
            last_at: now,
        };
        self.failures.insert(email.clone(), trouble);
        Ok(())
    }

    async fn clear(&mut self, email: &EmailAddress) -> Result<(), CatalogError> {
        self.failures.remove(email);
        Ok(())
    }

    async fn remove_older_than(&mut self, time: Timestamp) -> Result<(), CatalogError> {
        self.failures.retain(|_, it| it.last_at >= time);
        Ok(())
    }
}
