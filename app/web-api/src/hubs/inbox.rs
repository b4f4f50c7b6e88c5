use application::App;
use application::notifications::{delivered, mark_delivered, notifications_after, undelivered};
use async_trait::async_trait;
use domain::{Notification, UserId};
use signalr_hub::durable::{DurableMessage, Inbox, InboxError, NumberedMessage};

use crate::routes::notifications::{NotificationDetails, NotificationType};

/// The notifications of all users, as the hub delivers them.
pub struct NotificationInbox(App);

impl NotificationInbox {
    pub fn of(app: App) -> Self {
        Self(app)
    }
}

#[async_trait]
impl Inbox for NotificationInbox {
    async fn acknowledged(&self, user: &str) -> Result<u64, InboxError> {
        let delivered = delivered(&self.0, user_id(user)?).await;
        delivered.map_err(InboxError::caused_by)
    }

    async fn after(
        &self,
        user: &str,
        number: u64,
        limit: usize,
    ) -> Result<Vec<NumberedMessage>, InboxError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let waiting = notifications_after(&self.0, user_id(user)?, number, limit).await;
        let waiting = waiting.map_err(InboxError::caused_by)?;
        waiting.iter().map(message).collect()
    }

    async fn acknowledge(&self, user: &str, up_to: u64) -> Result<(), InboxError> {
        let marked = mark_delivered(&self.0, user_id(user)?, up_to).await;
        marked.map_err(InboxError::caused_by)
    }

    async fn newest(&self, users: &[String]) -> Result<Vec<(String, u64)>, InboxError> {
        let waiting = undelivered(&self.0).await.map_err(InboxError::caused_by)?;
        let waiting = waiting.into_iter();
        Ok(waiting
            .map(|(user, newest)| (user.to_string(), newest))
            .filter(|(user, _)| users.contains(user))
            .collect())
    }

    /// Nothing: the bell shows them for as long as their user exists.
    async fn clean(&self) -> Result<(), InboxError> {
        Ok(())
    }
}

fn user_id(user: &str) -> Result<UserId, InboxError> {
    user.parse().map(UserId).map_err(InboxError::caused_by)
}

fn message((number, notification): &(u64, Notification)) -> Result<NumberedMessage, InboxError> {
    let severity: NotificationType = notification.kind.severity().into();
    let details = NotificationDetails::from(notification);
    let arguments = (severity, notification.message.as_str(), details);
    let message = DurableMessage::new("ReceiveNotification", arguments);
    Ok(NumberedMessage {
        number: *number,
        message: message.map_err(InboxError::caused_by)?,
    })
}
