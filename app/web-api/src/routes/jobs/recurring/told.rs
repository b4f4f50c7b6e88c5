//! A recurring job and its runs as they are told.

use jiff::Timestamp;
use job_engine::recurring::Schedule;
use job_engine::storage::{RecurringRecord, RecurringRun, RecurringSummary};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::routes::jobs::milliseconds;

/// How many of the next runs are told.
const NEXT_RUNS: usize = 5;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecurringJob {
    pub id: String,
    pub kind: String,
    /// A cron expression, or `@every` and an interval.
    pub schedule: String,
    pub time_zone: String,
    /// The schedule in words, if this program can read it.
    #[schema(required)]
    pub in_words: Option<String>,
    /// Whether a person gave it another schedule than the code says.
    pub is_edited: bool,
    #[schema(required)]
    pub paused_at: Option<Timestamp>,
    #[schema(required)]
    pub paused_because: Option<String>,
    /// What is wrong with it.
    #[schema(required)]
    pub error: Option<String>,
    /// Its next occurrences, five at most; none while it is paused.
    pub next_runs: Vec<Timestamp>,
    #[schema(required)]
    pub last_run: Option<RecurringJobRun>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecurringJobRun {
    /// Rises from run to run; for the parameter `before`.
    pub number: i64,
    /// The occurrence, or when a person asked for the run.
    pub at: Timestamp,
    /// The last of several occurrences.
    #[schema(required)]
    pub until: Option<Timestamp>,
    /// `Due`, `CaughtUp`, `RunNow`, `Skipped` or `Missed`.
    pub cause: String,
    #[schema(required)]
    pub note: Option<String>,
    #[schema(required)]
    pub job: Option<Uuid>,
    /// The job's state, or its last one if it has expired.
    #[schema(required)]
    pub state: Option<String>,
    #[schema(required)]
    pub duration_ms: Option<u64>,
}

pub(super) fn shown(
    RecurringSummary { record, last }: RecurringSummary,
    now: Timestamp,
) -> RecurringJob {
    let schedule = record.schedule().ok();
    let is_paused = record.paused_at.is_some();
    let coming = schedule.as_ref().filter(|_| !is_paused);
    RecurringJob {
        in_words: schedule.as_ref().map(Schedule::in_words),
        next_runs: coming
            .map(|schedule| schedule.upcoming(now).take(NEXT_RUNS).collect())
            .unwrap_or_default(),
        is_edited: record.is_edited(),
        last_run: last.map(Into::into),
        ..facts(record)
    }
}

/// What stands in the record.
fn facts(record: RecurringRecord) -> RecurringJob {
    RecurringJob {
        id: record.id,
        kind: record.kind,
        schedule: record.schedule,
        time_zone: record.time_zone,
        in_words: None,
        is_edited: false,
        paused_at: record.paused_at,
        paused_because: record.paused_because,
        error: record.error,
        next_runs: Vec::new(),
        last_run: None,
    }
}

impl From<RecurringRun> for RecurringJobRun {
    fn from(run: RecurringRun) -> Self {
        Self {
            number: run.number,
            at: run.at,
            until: run.until,
            cause: run.cause.name().to_owned(),
            note: run.note,
            job: run.job.map(|job| job.0),
            state: run.state.map(|state| state.name().to_owned()),
            duration_ms: run.duration.map(milliseconds),
        }
    }
}
