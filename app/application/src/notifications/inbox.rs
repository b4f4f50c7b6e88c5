use domain::{Notification, NotificationId, UserId};

use crate::App;
use crate::ports::{CatalogError, NotificationQuery};

/// The most that are listed at once.
const LARGEST_PAGE: u32 = 100;

/// Which of their notifications someone wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxQuery {
    pub unread_only: bool,
    /// Continues after the last one of the page before.
    pub after: Option<NotificationId>,
    /// 1 to 100.
    pub limit: u32,
}

/// One page of a user's notifications, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    pub items: Vec<Notification>,
    /// Of all pages.
    pub unread_count: u64,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<NotificationId>,
}

pub async fn list_notifications(
    app: &App,
    user: UserId,
    query: InboxQuery,
) -> Result<Inbox, CatalogError> {
    let limit = query.limit.clamp(1, LARGEST_PAGE);
    let mut records = app.catalog.read().await?;
    let unread_count = records.notifications().unread_count(user).await?;
    let one_more = NotificationQuery {
        user,
        unread_only: query.unread_only,
        after: query.after,
        limit: limit + 1,
    };
    let mut items = records.notifications().list(&one_more).await?;

    let is_last_page = items.len() <= limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| !is_last_page).map(|last| last.id);
    Ok(Inbox {
        items,
        unread_count,
        next,
    })
}

/// `false`: the user has no such notification.
pub async fn read_notification(
    app: &App,
    user: UserId,
    id: NotificationId,
) -> Result<bool, CatalogError> {
    let now = app.clock.now();
    let mut transaction = app.catalog.begin().await?;
    let is_theirs = transaction.notifications().mark_read(user, id, now).await?;
    transaction.commit().await?;
    Ok(is_theirs)
}

pub async fn read_all_notifications(app: &App, user: UserId) -> Result<(), CatalogError> {
    let now = app.clock.now();
    let mut transaction = app.catalog.begin().await?;
    transaction.notifications().mark_all_read(user, now).await?;
    transaction.commit().await
}
