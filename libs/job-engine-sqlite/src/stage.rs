//! From the columns of a row to the states it tells of.

use jiff::Timestamp;
use job_engine::State;
use job_engine::storage::{HistoryEntry, ServerId, StorageError};
use sqlx::sqlite::SqliteRow;

use crate::convert::{column, duration, error_report, small, state, timestamp};

/// A part of a job's life: it was enqueued, perhaps claimed, and perhaps came into a state that
/// ended the part. Adds these states, oldest first.
pub(crate) fn tell(row: &SqliteRow, history: &mut Vec<HistoryEntry>) -> Result<(), StorageError> {
    history.extend(enqueued(row)?);
    history.extend(processing(row)?);
    history.extend(end(row)?);
    Ok(())
}

fn enqueued(row: &SqliteRow) -> Result<Option<HistoryEntry>, StorageError> {
    let Some(at) = time(row, "enqueued_at")? else {
        return Ok(None);
    };
    let reason = column(row, "enqueue_reason")?;
    Ok(Some(HistoryEntry::enqueued(
        at,
        reason,
        column(row, "queue")?,
    )))
}

fn processing(row: &SqliteRow) -> Result<Option<HistoryEntry>, StorageError> {
    let Some(at) = time(row, "claimed_at")? else {
        return Ok(None);
    };
    let server: Option<_> = column(row, "claimed_by")?;
    let attempt = small(column(row, "attempt")?);
    Ok(Some(HistoryEntry::processing(
        at,
        server.map(ServerId),
        attempt,
    )))
}

fn end(row: &SqliteRow) -> Result<Option<HistoryEntry>, StorageError> {
    let (Some(name), Some(at)) = (column(row, "end_state")?, time(row, "changed_at")?) else {
        return Ok(None);
    };
    let reason = column(row, "reason")?;
    Ok(Some(match (state(name)?, time(row, "due_at")?) {
        (State::Scheduled, Some(due_at)) => HistoryEntry::scheduled(at, reason, due_at),
        (State::Succeeded, _) => succeeded(row, at)?,
        (State::Failed, _) => {
            let error: Option<&str> = column(row, "error")?;
            HistoryEntry::failed(at, reason, error.map(error_report).transpose()?)
        }
        (state, _) => HistoryEntry::new(state, at, reason),
    }))
}

fn succeeded(row: &SqliteRow, at: Timestamp) -> Result<HistoryEntry, StorageError> {
    let took: Option<i64> = column(row, "duration")?;
    let result = column(row, "result")?;
    Ok(HistoryEntry::succeeded(
        at,
        duration(took.unwrap_or_default()),
        result,
    ))
}

fn time(row: &SqliteRow, name: &str) -> Result<Option<Timestamp>, StorageError> {
    let micros: Option<i64> = column(row, name)?;
    micros.map(timestamp).transpose()
}
