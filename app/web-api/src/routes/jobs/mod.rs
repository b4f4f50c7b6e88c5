//! What the dashboard knows and does, for programs.

mod audit;
mod batches;
mod command;
mod engine;
mod errors;
mod job;
mod limits;
mod list;
mod log;
mod one;
mod operations;
mod queues;
mod recurring;
mod relatives;
mod servers;
mod statistics;

use std::sync::Arc;
use std::time::Duration;

use domain::User;
use jiff::Timestamp;
use job_engine::storage::JobQuery;
use job_engine::{ActError, Actor, StorageError};

pub use self::audit::{__path_audit, audit};
pub use self::batches::{__path_get_batch, __path_list_batches, get_batch, list_batches};
pub use self::command::{__path_command, __path_copy, command, copy};
pub use self::engine::{__path_overview, overview};
pub use self::errors::{__path_errors, errors};
pub use self::limits::{
    __path_list_limits, __path_remove_limit, __path_set_limit, list_limits, remove_limit, set_limit,
};
pub use self::list::{__path_list, list};
pub use self::log::{__path_log, log};
pub use self::one::{__path_get, get};
pub use self::operations::{
    __path_begin, __path_get_operation, __path_list_operations, __path_stop, begin, get_operation,
    list_operations, stop,
};
pub use self::queues::{
    __path_list_queues, __path_pause, __path_resume, list_queues, pause, resume,
};
pub use self::recurring::{
    __path_get_recurring, __path_list_recurring, __path_list_runs, __path_pause_recurring,
    __path_remove_recurring, __path_reschedule, __path_resume_recurring, __path_run_recurring,
    get_recurring, list_recurring, list_runs, pause_recurring, remove_recurring, reschedule,
    resume_recurring, run_recurring,
};
pub use self::servers::{__path_list_servers, __path_order_server, list_servers, order_server};
pub use self::statistics::{__path_kinds, __path_throughput, kinds, throughput};
use crate::api::SharedApi;
use crate::error::{ApiError, FieldErrors};

/// Who acts, with the audit log at their side.
fn actor(api: &SharedApi, user: &User) -> Actor {
    let storage = Arc::clone(&api.adapters.storage);
    Actor::new(storage, user.email.to_string()).acting("over the API")
}

fn search(words: &str) -> Result<JobQuery, ApiError> {
    let conditions = job_engine_dashboard::parse_search(words, Timestamp::now());
    let conditions = conditions.map_err(|problems| ApiError::invalid("q", problems.join(" ")))?;
    Ok(JobQuery {
        conditions,
        ..JobQuery::default()
    })
}

fn no_such_job() -> ApiError {
    ApiError::NotFound("There is no job with this id.")
}

impl From<ActError> for ApiError {
    fn from(error: ActError) -> Self {
        let conflict = |detail| Self::Conflict {
            detail,
            errors: FieldErrors::default(),
        };
        match error {
            ActError::Unfit(words) => Self::Malformed(words),
            ActError::NotFound(_) => Self::NotFound("There is nothing of this name."),
            ActError::MovedOn(words) => conflict(format!("{words} Nothing was changed.")),
            ActError::TooMany(total) => Self::Conflict {
                detail: format!("{error} Nothing was changed."),
                errors: FieldErrors::of("expected", format!("Say {total} to go on.")),
            },
            ActError::Storage(error) => down(error),
        }
    }
}

fn down(error: StorageError) -> ApiError {
    match error {
        StorageError::Unavailable(_) => ApiError::Down(error.into()),
        StorageError::Corrupt(_) => ApiError::Internal(error.into()),
    }
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
