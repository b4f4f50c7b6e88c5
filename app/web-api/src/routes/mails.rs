use application::ports::{MailId, Mailbox, MailboxError, StoredMail};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{Api, SharedApi};
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::PathParameters;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MailList)]
pub struct MailListResponse {
    pub items: Vec<MailSummary>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailSummary {
    pub id: String,
    pub to: String,
    pub subject: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Mail)]
pub struct MailResponse {
    pub id: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    #[schema(required)]
    pub html: Option<String>,
    pub created_at: Timestamp,
}

/// The mails that were kept because no mail server is set up, newest first.
#[utoipa::path(
    get, path = "/api/mails", tag = "mails", operation_id = "listMails",
    security(("bearer" = [])),
    responses(
        (status = 200, body = MailListResponse),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(api): State<SharedApi>,
    _: SuperAdmin,
) -> Result<Json<MailListResponse>, ApiError> {
    let mails = mailbox(&api)?.list().await?;
    let items = mails.into_iter().map(Into::into).collect();
    Ok(Json(MailListResponse { items }))
}

/// One of these mails.
#[utoipa::path(
    get, path = "/api/mails/{id}", tag = "mails", operation_id = "getMail",
    security(("bearer" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = MailResponse),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    PathParameters(id): PathParameters<String>,
) -> Result<Json<MailResponse>, ApiError> {
    let mail = mailbox(&api)?.read(&MailId(id)).await?;
    let mail = mail.ok_or(ApiError::NotFound("There is no such mail."))?;
    Ok(Json(mail.into()))
}

fn mailbox(api: &Api) -> Result<&dyn Mailbox, ApiError> {
    const SENT: ApiError = ApiError::NotFound("Mails are sent by a mail server; none are kept.");
    api.app.mailbox.as_deref().ok_or(SENT)
}

impl From<MailboxError> for ApiError {
    fn from(error: MailboxError) -> Self {
        Self::internal(error)
    }
}

impl From<StoredMail> for MailSummary {
    fn from(mail: StoredMail) -> Self {
        Self {
            id: mail.id.0,
            to: mail.to,
            subject: mail.subject,
            created_at: mail.created_at,
        }
    }
}

impl From<StoredMail> for MailResponse {
    fn from(mail: StoredMail) -> Self {
        Self {
            id: mail.id.0,
            from: mail.from,
            to: mail.to,
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            created_at: mail.created_at,
        }
    }
}
