//! Who a job waits for and who waits for it, as it is told.

use job_engine::{BatchId, JobId};
use job_engine_dashboard::Relative;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// How many of a kind are told. Each of them is looked up.
pub const MOST_TOLD: usize = 100;

/// A job or a batch that another one waits for, or that waits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobRelative {
    pub id: Uuid,
    pub is_batch: bool,
    /// Null of a batch, and when it is not stored any more.
    #[schema(required)]
    pub kind: Option<String>,
    /// Null when it is not stored any more. A batch is `Processing` until it has ended.
    #[schema(required)]
    pub state: Option<String>,
}

impl From<Relative> for JobRelative {
    fn from(relative: Relative) -> Self {
        let state = relative.state().map(|state| state.name().to_owned());
        match relative {
            Relative::Job(JobId(id), job) => Self {
                id,
                is_batch: false,
                kind: job.map(|job| job.kind),
                state,
            },
            Relative::Batch(BatchId(id), _) => Self {
                id,
                is_batch: true,
                kind: None,
                state,
            },
        }
    }
}
