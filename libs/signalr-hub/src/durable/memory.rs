//! An inbox that lives as long as its process: for tests, and where durable means "while we run".

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{DurableMessage, Inbox, InboxError, InboxLimits, InboxStore, NumberedMessage};

/// Keeps messages in memory.
#[derive(Debug, Default)]
pub struct MemoryInbox {
    limits: InboxLimits,
    users: Mutex<HashMap<String, Mail>>,
}

/// What one user was sent.
#[derive(Debug, Default)]
struct Mail {
    newest: u64,
    acknowledged: u64,
    messages: VecDeque<(NumberedMessage, Instant)>,
}

impl MemoryInbox {
    /// An empty inbox.
    pub fn bounded(limits: InboxLimits) -> Self {
        Self {
            limits,
            users: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Mail>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Inbox for MemoryInbox {
    async fn acknowledged(&self, user: &str) -> Result<u64, InboxError> {
        Ok(self.lock().get(user).map_or(0, |mail| mail.acknowledged))
    }

    async fn after(
        &self,
        user: &str,
        number: u64,
        limit: usize,
    ) -> Result<Vec<NumberedMessage>, InboxError> {
        let users = self.lock();
        let messages = users.get(user).into_iter().flat_map(|mail| &mail.messages);
        let later = messages
            .map(|(message, _)| message)
            .filter(|message| message.number > number);
        Ok(later.take(limit).cloned().collect())
    }

    async fn acknowledge(&self, user: &str, up_to: u64) -> Result<(), InboxError> {
        if let Some(mail) = self.lock().get_mut(user) {
            mail.acknowledged = mail.acknowledged.max(up_to);
        }
        Ok(())
    }

    async fn newest(&self, users: &[String]) -> Result<Vec<(String, u64)>, InboxError> {
        let mails = self.lock();
        let newest = |user: &String| Some((user.clone(), mails.get(user)?.newest));
        Ok(users.iter().filter_map(newest).collect())
    }

    async fn clean(&self) -> Result<(), InboxError> {
        for mail in self.lock().values_mut() {
            let acknowledged = mail.acknowledged;
            mail.messages.retain(|(message, sent)| {
                let limit = if message.number <= acknowledged {
                    self.limits.keep_acknowledged_for()
                } else {
                    self.limits.keep_for
                };
                sent.elapsed() < limit
            });
        }
        Ok(())
    }
}

#[async_trait]
impl InboxStore for MemoryInbox {
    async fn add(&self, user: &str, message: &DurableMessage) -> Result<u64, InboxError> {
        let mut users = self.lock();
        let mail = users.entry(user.to_owned()).or_default();
        mail.newest += 1;
        let message = NumberedMessage {
            number: mail.newest,
            message: message.clone(),
        };
        mail.messages.push_back((message, Instant::now()));
        while mail.messages.len() > self.limits.per_user as usize {
            mail.messages.pop_front();
        }
        Ok(mail.newest)
    }
}
