//! From the columns of a row to the states it tells of.

use job_engine::State;
use job_engine::storage::{HistoryEntry, StorageError};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::convert::{column, duration, error_report, state, timestamp};

/// A part of a job's life: it was enqueued, perhaps claimed, and perhaps came into a state that
/// ended the part. Each of the three is an entry of the history.
pub(crate) struct Stage {
    queue: String,
    attempt: i64,
    enqueued_at: Option<i64>,
    enqueue_reason: Option<String>,
    claimed_at: Option<i64>,
    server: Option<Uuid>,
    state: Option<String>,
    changed_at: Option<i64>,
    reason: Option<String>,
    due_at: Option<i64>,
    duration: Option<i64>,
    error: Option<String>,
    result: Option<String>,
}

impl Stage {
    pub(crate) fn of(row: &SqliteRow) -> Result<Self, StorageError> {
        Ok(Self {
            queue: column(row, "queue")?,
            attempt: column(row, "attempt")?,
            enqueued_at: column(row, "enqueued_at")?,
            enqueue_reason: column(row, "enqueue_reason")?,
            claimed_at: column(row, "claimed_at")?,
            server: column(row, "claimed_by")?,
            state: column(row, "end_state")?,
            changed_at: column(row, "changed_at")?,
            reason: column(row, "reason")?,
            due_at: column(row, "due_at")?,
            duration: column(row, "duration")?,
            error: column(row, "error")?,
            result: column(row, "result")?,
        })
    }

    /// Adds the stage's states, oldest first.
    pub(crate) fn tell(self, history: &mut Vec<HistoryEntry>) -> Result<(), StorageError> {
        history.extend(self.enqueued()?);
        history.extend(self.processing()?);
        history.extend(self.end()?);
        Ok(())
    }

    fn enqueued(&self) -> Result<Option<HistoryEntry>, StorageError> {
        let Some(at) = self.enqueued_at else {
            return Ok(None);
        };
        Ok(Some(HistoryEntry {
            state: State::Enqueued,
            at: timestamp(at)?,
            reason: self.enqueue_reason.clone(),
            facts: vec![fact("Queue", json!(self.queue))],
            error: None,
        }))
    }

    fn processing(&self) -> Result<Option<HistoryEntry>, StorageError> {
        let Some(at) = self.claimed_at else {
            return Ok(None);
        };
        Ok(Some(HistoryEntry {
            state: State::Processing,
            at: timestamp(at)?,
            reason: None,
            facts: vec![
                fact("ServerId", json!(self.server)),
                fact("Attempt", json!(self.attempt)),
            ],
            error: None,
        }))
    }

    fn end(self) -> Result<Option<HistoryEntry>, StorageError> {
        let (Some(name), Some(at)) = (&self.state, self.changed_at) else {
            return Ok(None);
        };
        let state = state(name)?;
        let facts = match state {
            State::Scheduled => self.schedule_facts()?,
            State::Succeeded => self.success_facts(),
            _ => Vec::new(),
        };
        let error = match (state, &self.error) {
            (State::Failed, Some(error)) => Some(error_report(error)?),
            _ => None,
        };
        Ok(Some(HistoryEntry {
            state,
            at: timestamp(at)?,
            reason: self.reason,
            facts,
            error,
        }))
    }

    fn schedule_facts(&self) -> Result<Vec<(String, Value)>, StorageError> {
        let due_at = self.due_at.map(timestamp).transpose()?;
        Ok(due_at
            .map(|due_at| fact("EnqueueAt", json!(due_at)))
            .into_iter()
            .collect())
    }

    fn success_facts(&self) -> Vec<(String, Value)> {
        let millis = duration(self.duration.unwrap_or_default()).as_millis();
        let mut facts = vec![fact("DurationMs", json!(millis))];
        if let Some(result) = &self.result {
            let value = serde_json::from_str(result).unwrap_or_else(|_| json!(result));
            facts.push(fact("Result", value));
        }
        facts
    }
}

fn fact(name: &str, value: Value) -> (String, Value) {
    (name.to_owned(), value)
}
