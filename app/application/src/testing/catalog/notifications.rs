use std::collections::HashMap;

use async_trait::async_trait;
use domain::{Notification, NotificationId, UserId};
use jiff::Timestamp;

use super::CatalogState;
use crate::ports::{CatalogError, NotificationQuery, Notifications};

#[async_trait]
impl Notifications for CatalogState {
    async fn add(&mut self, notification: &Notification) -> Result<bool, CatalogError> {
        let is_told = self
            .notifications
            .iter()
            .any(|it| it.user_id == notification.user_id && it.occasion == notification.occasion);
        if !is_told {
            self.notifications.push(notification.clone());
        }
        Ok(!is_told)
    }

    async fn list(&mut self, query: &NotificationQuery) -> Result<Vec<Notification>, CatalogError> {
        let wanted = self.notifications.iter().filter(|it| {
            it.user_id == query.user
                && !(query.unread_only && it.read_at.is_some())
                && query.after.is_none_or(|after| it.id < after)
        });
        let mut found: Vec<Notification> = wanted.cloned().collect();
        found.sort_by_key(|it| std::cmp::Reverse(it.id));
        found.truncate(query.limit as usize);
        Ok(found)
    }

    async fn unread_count(&mut self, user: UserId) -> Result<u64, CatalogError> {
        let theirs = self.notifications.iter().filter(|it| it.user_id == user);
        Ok(theirs.filter(|it| it.read_at.is_none()).count() as u64)
    }

    async fn mark_read(
        &mut self,
        user: UserId,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<bool, CatalogError> {
        let mut notifications = self.notifications.iter_mut();
        let found = notifications.find(|it| it.user_id == user && it.id == id);
        let is_theirs = found.is_some();
        if let Some(notification) = found {
            notification.read_at.get_or_insert(now);
        }
        Ok(is_theirs)
    }

    async fn mark_all_read(&mut self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        for it in self
            .notifications
            .iter_mut()
            .filter(|it| it.user_id == user)
        {
            it.read_at.get_or_insert(now);
        }
        Ok(())
    }

    async fn delivered(&mut self, user: UserId) -> Result<u64, CatalogError> {
        Ok(self.delivered.get(&user).copied().unwrap_or(0))
    }

    async fn after(
        &mut self,
        user: UserId,
        number: u64,
        limit: u32,
    ) -> Result<Vec<(u64, Notification)>, CatalogError> {
        let theirs = self.notifications.iter().filter(|it| it.user_id == user);
        let numbered = (1..).zip(theirs).filter(|(it, _)| *it > number);
        Ok(numbered
            .take(limit as usize)
            .map(|(number, it)| (number, it.clone()))
            .collect())
    }

    async fn mark_delivered(&mut self, user: UserId, up_to: u64) -> Result<(), CatalogError> {
        let delivered = self.delivered.entry(user).or_default();
        *delivered = up_to.max(*delivered);
        Ok(())
    }

    async fn undelivered(&mut self) -> Result<Vec<(UserId, u64)>, CatalogError> {
        let mut newest: HashMap<UserId, u64> = HashMap::new();
        for it in &self.notifications {
            *newest.entry(it.user_id).or_default() += 1;
        }
        newest.retain(|user, newest| self.delivered.get(user).is_none_or(|it| it < newest));
        Ok(newest.into_iter().collect())
    }
}
