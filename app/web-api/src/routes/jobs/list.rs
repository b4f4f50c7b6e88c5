use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use job_engine::JobId;
use job_engine::storage::{Cursor, JobQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::job::Job;
use super::{down, search};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::QueryParameters;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListJobsQuery {
    /// A search as on the dashboard, for example `state:failed kind:send_email created:<2h`.
    pub q: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// 1 to 1000. Default 20.
    pub limit: Option<usize>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobPage {
    pub items: Vec<Job>,
    /// For the parameter `after` of the next page; null on the last one.
    #[schema(required)]
    pub next: Option<String>,
}

/// The jobs that a search finds, newest change first.
#[utoipa::path(
    get, path = "/api/jobs", tag = "jobs", operation_id = "listJobs",
    security(("bearer" = [])),
    params(ListJobsQuery),
    responses(
        (status = 200, body = JobPage),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    QueryParameters(asked): QueryParameters<ListJobsQuery>,
) -> Result<Json<JobPage>, ApiError> {
    let query = JobQuery {
        after: asked.after.as_deref().map(cursor).transpose()?,
        limit: asked.limit.unwrap_or_default(),
        ..search(asked.q.as_deref().unwrap_or_default())?
    };
    let page = api.adapters.storage.jobs(&query).await.map_err(down)?;
    Ok(Json(JobPage {
        items: page.jobs.into_iter().map(Into::into).collect(),
        next: page
            .next
            .map(|next| format!("{}~{}", next.id, next.changed_at.as_microsecond())),
    }))
}

fn cursor(text: &str) -> Result<Cursor, ApiError> {
    let parsed = text.split_once('~').and_then(|(id, changed_at)| {
        Some(Cursor {
            id: JobId(id.parse().ok()?),
            changed_at: Timestamp::from_microsecond(changed_at.parse().ok()?).ok()?,
        })
    });
    parsed.ok_or_else(|| ApiError::invalid("after", "Give the `next` of a page."))
}
