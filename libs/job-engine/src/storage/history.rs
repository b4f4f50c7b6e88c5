use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ServerId;
use crate::job::ErrorReport;
use crate::state::State;

/// One change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The state into which the job came.
    pub state: State,
    /// When, by the storage's clock.
    pub at: Timestamp,
    /// Why, when there is more to say than the state itself.
    pub reason: Option<String>,
    /// What belongs to this state, in Hangfire's names: `Queue`, `EnqueueAt`, `ServerId`,
    /// `Attempt`, `DurationMs`, `Result`, ...
    pub facts: Vec<(String, Value)>,
    /// The attempt's error, for a `Failed` entry.
    pub error: Option<ErrorReport>,
}

impl HistoryEntry {
    /// A state without facts of its own.
    pub fn new(state: State, at: Timestamp, reason: Option<String>) -> Self {
        Self {
            state,
            at,
            reason,
            facts: Vec::new(),
            error: None,
        }
    }

    /// It waits in this queue.
    pub fn enqueued(at: Timestamp, reason: Option<String>, queue: &str) -> Self {
        Self::new(State::Enqueued, at, reason).and("Queue", json!(queue))
    }

    /// It waits until `due_at`.
    pub fn scheduled(at: Timestamp, reason: Option<String>, due_at: Timestamp) -> Self {
        Self::new(State::Scheduled, at, reason).and("EnqueueAt", json!(due_at))
    }

    /// This server runs it; `None` when nobody knows any more which one it was.
    pub fn processing(at: Timestamp, server: Option<ServerId>, attempt: u32) -> Self {
        Self::new(State::Processing, at, None)
            .and("ServerId", json!(server))
            .and("Attempt", json!(attempt))
    }

    /// With what the job returned, as JSON.
    pub fn succeeded(at: Timestamp, duration: Duration, result: Option<&str>) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let entry = Self::new(State::Succeeded, at, None).and("DurationMs", json!(millis));
        let Some(result) = result else { return entry };
        let value = serde_json::from_str(result).unwrap_or_else(|_| json!(result));
        entry.and("Result", value)
    }

    /// A reason is given when no other attempt follows.
    pub fn failed(at: Timestamp, reason: Option<String>, error: Option<ErrorReport>) -> Self {
        Self {
            error,
            ..Self::new(State::Failed, at, reason)
        }
    }

    fn and(mut self, name: &str, value: Value) -> Self {
        self.facts.push((name.to_owned(), value));
        self
    }
}
