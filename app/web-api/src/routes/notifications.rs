use application::notifications::{
    InboxQuery, list_notifications, read_all_notifications, read_notification,
};
use axum::Json;
use axum::extract::State;
use domain::{Notification, NotificationId, NotificationKind, Severity};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::SharedApi;
use crate::current_user::CurrentUser;
use crate::error::{ApiError, Problem};
use crate::parameters::{Id, QueryParameters};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Notification)]
pub struct NotificationResponse {
    pub id: Uuid,
    #[serde(rename = "type")]
    pub severity: NotificationType,
    pub message: String,
    pub details: NotificationDetails,
    pub created_at: Timestamp,
    #[schema(required)]
    pub read_at: Option<Timestamp>,
}

/// How a notification looks. The hub sends it as the first argument of `ReceiveNotification`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum NotificationType {
    Success,
    Error,
    Info,
}

/// What it is about. The hub sends it as the third argument of `ReceiveNotification`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationDetails {
    /// The notification's.
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub created_at: Timestamp,
    pub kind: KindName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NotificationKind)]
#[expect(clippy::enum_variant_names, reason = "the domain calls them so")]
pub enum KindName {
    TenantReady,
    TenantWillRetry,
    TenantFailed,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListNotificationsQuery {
    /// Only those that are unread.
    #[serde(default)]
    pub unread: bool,
    /// The `nextCursor` of the page before.
    pub cursor: Option<Uuid>,
    /// 1 to 100. Default 20.
    pub limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationPage)]
pub struct NotificationPageResponse {
    pub items: Vec<NotificationResponse>,
    /// Of all pages.
    pub unread_count: u64,
    #[schema(required)]
    pub next_cursor: Option<Uuid>,
}

/// One's own notifications, newest first.
#[utoipa::path(
    get, path = "/api/notifications", tag = "notifications", operation_id = "listNotifications",
    security(("bearer" = [])),
    params(ListNotificationsQuery),
    responses(
        (status = 200, body = NotificationPageResponse),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(api): State<SharedApi>,
    CurrentUser(user): CurrentUser,
    QueryParameters(query): QueryParameters<ListNotificationsQuery>,
) -> Result<Json<NotificationPageResponse>, ApiError> {
    let limit = query.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::invalid(
            "limit",
            "A page has 1 to 100 notifications.",
        ));
    }
    let query = InboxQuery {
        unread_only: query.unread,
        after: query.cursor.map(NotificationId),
        limit,
    };

    let inbox = list_notifications(&api.app, user.id, query).await?;
    Ok(Json(NotificationPageResponse {
        items: inbox.items.iter().map(Into::into).collect(),
        unread_count: inbox.unread_count,
        next_cursor: inbox.next.map(|id| id.0),
    }))
}

/// Marks one of one's notifications as read.
#[utoipa::path(
    post, path = "/api/notifications/{id}/read", tag = "notifications",
    operation_id = "readNotification",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn read(
    State(api): State<SharedApi>,
    CurrentUser(user): CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    if !read_notification(&api.app, user.id, NotificationId(id)).await? {
        return Err(ApiError::NotFound("There is no such notification."));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Marks all of one's notifications as read.
#[utoipa::path(
    post, path = "/api/notifications/read-all", tag = "notifications",
    operation_id = "readAllNotifications",
    security(("bearer" = [])),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn read_all(
    State(api): State<SharedApi>,
    CurrentUser(user): CurrentUser,
) -> Result<StatusCode, ApiError> {
    read_all_notifications(&api.app, user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<&Notification> for NotificationResponse {
    fn from(notification: &Notification) -> Self {
        Self {
            id: notification.id.0,
            severity: notification.kind.severity().into(),
            message: notification.message.clone(),
            details: notification.into(),
            created_at: notification.created_at,
            read_at: notification.read_at,
        }
    }
}

impl From<&Notification> for NotificationDetails {
    fn from(notification: &Notification) -> Self {
        Self {
            id: notification.id.0,
            tenant_id: notification.tenant_id.0,
            created_at: notification.created_at,
            kind: match notification.kind {
                NotificationKind::TenantReady => KindName::TenantReady,
                NotificationKind::TenantWillRetry => KindName::TenantWillRetry,
                NotificationKind::TenantFailed => KindName::TenantFailed,
            },
        }
    }
}

impl From<Severity> for NotificationType {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Success => Self::Success,
            Severity::Info => Self::Info,
            Severity::Error => Self::Error,
        }
    }
}
