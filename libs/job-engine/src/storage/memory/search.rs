use serde_json::Value;

use super::record::Record;
use crate::job::ErrorReport;
use crate::state::State;
use crate::storage::{ArgumentTest, Condition, JobId, Test};
use crate::trace::trace_id;

pub(super) fn meets(condition: &Condition, id: JobId, job: &Record) -> bool {
    passes(&condition.test, id, job) != condition.negated
}

fn passes(asked: &Test, id: JobId, job: &Record) -> bool {
    match asked {
        Test::State(states) => states.contains(&job.state),
        Test::Retry => job.is_retry(),
        Test::Queue(queues) => queues.contains(&job.queue),
        Test::Kind(kinds) => kinds.contains(&job.kind),
        Test::Tenant(tenants) => job.tenant.as_ref().is_some_and(|one| tenants.contains(one)),
        Test::Tag(tags) => tags.iter().any(|tag| job.tags.contains(tag)),
        Test::Batch(batch) => job.batch == Some(*batch),
        Test::Trace(id) => job.trace.as_deref().and_then(trace_id) == Some(id),
        Test::Id(ids) => ids.contains(&id),
        Test::Created(time) => time.contains(job.created_at),
        Test::Changed(time) => time.contains(job.changed_at),
        Test::Attempts(attempts) => attempts.contains(&job.attempts),
        Test::Error(text) => error_contains(job, text),
        Test::ErrorGroup(group) => {
            job.state == State::Failed && job.error.as_ref().is_some_and(|e| e.group() == *group)
        }
        Test::Text(text) => {
            contains(&job.kind, text) || contains(&job.arguments, text) || error_contains(job, text)
        }
        Test::Argument(test) => has_argument(&job.arguments, test),
    }
}

fn error_contains(job: &Record, text: &str) -> bool {
    job.error.as_ref().is_some_and(
        |ErrorReport {
             kind,
             message,
             details,
         }| {
            [kind, message, details]
                .iter()
                .any(|part| contains(part, text))
        },
    )
}

fn contains(whole: &str, part: &str) -> bool {
    whole.to_lowercase().contains(&part.to_lowercase())
}

fn has_argument(arguments: &str, asked: &ArgumentTest) -> bool {
    let Ok(arguments) = serde_json::from_str::<Value>(arguments) else {
        return false;
    };
    let found = asked
        .path
        .iter()
        .try_fold(&arguments, |value, step| match value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            value => value.get(step),
        });
    match found {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => *text == asked.value,
        Some(value) => {
            let written = value.to_string();
            written == asked.value
        }
    }
}
