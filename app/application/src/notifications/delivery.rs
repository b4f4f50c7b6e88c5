//! Bringing notifications to the pages of their users: in order, and none is left out.
//!
//! What is told is stored together with its cause. From then on it waits until a page has it, whatever
//! becomes of the process that stored it.

use domain::{Notification, UserId};

use crate::App;
use crate::ports::CatalogError;

/// Up to which number a page of the user's has their notifications; 0 at first.
pub async fn delivered(app: &App, user: UserId) -> Result<u64, CatalogError> {
    let mut records = app.catalog.read().await?;
    records.notifications().delivered(user).await
}

/// The user's notifications with higher numbers, lowest first.
pub async fn notifications_after(
    app: &App,
    user: UserId,
    number: u64,
    limit: u32,
) -> Result<Vec<(u64, Notification)>, CatalogError> {
    let mut records = app.catalog.read().await?;
    records.notifications().after(user, number, limit).await
}

/// A page of the user's has everything up to this number.
pub async fn mark_delivered(app: &App, user: UserId, up_to: u64) -> Result<(), CatalogError> {
    let mut transaction = app.catalog.begin().await?;
    let notifications = transaction.notifications();
    notifications.mark_delivered(user, up_to).await?;
    transaction.commit().await
}

/// Whom something waits for, and the number of the newest.
pub async fn undelivered(app: &App) -> Result<Vec<(UserId, u64)>, CatalogError> {
    let mut records = app.catalog.read().await?;
    records.notifications().undelivered().await
}
