use axum::Json;
use axum::extract::State;
use job_engine::storage::Counts;
use job_engine_dashboard::{DashboardOptions, Finding, Gravity};
use serde::Serialize;
use utoipa::ToSchema;

use super::down;
use super::queues::JobQueue;
use super::servers::JobServer;
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobEngine {
    /// What needs attention, the gravest first; empty when all is well.
    pub findings: Vec<JobFinding>,
    pub counts: JobCounts,
    pub queues: Vec<JobQueue>,
    pub servers: Vec<JobServer>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobFinding {
    /// `trouble` or `warning`.
    pub gravity: String,
    pub words: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobCounts {
    pub enqueued: u64,
    pub scheduled: u64,
    /// Those that wait for others to end.
    pub awaiting: u64,
    /// Those of `scheduled` that wait for another attempt.
    pub retries: u64,
    pub processing: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub deleted: u64,
}

/// Whether all is well, in words, and the engine in numbers: jobs by state, queues, servers.
#[utoipa::path(
    get, path = "/api/job-engine", tag = "jobs", operation_id = "getJobEngine",
    security(("bearer" = [])),
    responses(
        (status = 200, body = JobEngine),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn overview(
    State(api): State<SharedApi>,
    _: SuperAdmin,
) -> Result<Json<JobEngine>, ApiError> {
    let storage = &api.adapters.storage;
    let options = DashboardOptions::default();
    let findings = job_engine_dashboard::findings(&**storage, &options).await;
    let counts = storage.counts().await.map_err(down)?;
    let queues = storage.queues().await.map_err(down)?;
    let servers = storage.servers().await.map_err(down)?;
    Ok(Json(JobEngine {
        findings: findings
            .map_err(down)?
            .into_iter()
            .map(Into::into)
            .collect(),
        counts: counts.into(),
        queues: queues.into_iter().map(Into::into).collect(),
        servers: servers.into_iter().map(Into::into).collect(),
    }))
}

impl From<Finding> for JobFinding {
    fn from(finding: Finding) -> Self {
        let gravity = match finding.gravity {
            Gravity::Trouble => "trouble",
            Gravity::Warning => "warning",
        };
        Self {
            gravity: gravity.to_owned(),
            words: finding.words,
        }
    }
}

impl From<Counts> for JobCounts {
    fn from(counts: Counts) -> Self {
        Self {
            enqueued: counts.enqueued,
            scheduled: counts.scheduled,
            awaiting: counts.awaiting,
            retries: counts.retries,
            processing: counts.processing,
            succeeded: counts.succeeded,
            failed: counts.failed,
            deleted: counts.deleted,
        }
    }
}
