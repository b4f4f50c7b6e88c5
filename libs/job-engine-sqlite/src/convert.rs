//! Between the engine's types and those of the tables.

use std::time::Duration;

use jiff::Timestamp;
use job_engine::State;
use job_engine::job::ErrorReport;
use job_engine::storage::{Lease, StorageError};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};
use uuid::Uuid;

/// Longer delays are stored as this: no date overflows.
const MAX_DELAY: Duration = Duration::from_hours(100 * 366 * 24);

pub(crate) fn unavailable(error: sqlx::Error) -> StorageError {
    StorageError::unavailable(error)
}

/// Reads a column of a row that the storage wrote itself.
pub(crate) fn column<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, StorageError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(name)
        .map_err(|error| StorageError::Corrupt(error.to_string()))
}

pub(crate) fn delay_micros(delay: Duration) -> i64 {
    micros(delay.min(MAX_DELAY))
}

pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

pub(crate) fn timestamp(micros: i64) -> Result<Timestamp, StorageError> {
    Timestamp::from_microsecond(micros)
        .map_err(|_| StorageError::Corrupt(format!("{micros} µs is no time")))
}

/// For a `limit`.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// SQLite's functions take a text to end at a NUL. A reason may quote anything, so it gets the
/// picture of one (U+2400) instead.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

/// For statements that read their rows by `json_each`.
pub(crate) fn id_json(id: Uuid) -> Value {
    json!(id.simple().to_string())
}

pub(crate) fn ids_json(ids: impl IntoIterator<Item = Uuid>) -> String {
    ids.into_iter().map(id_json).collect::<Value>().to_string()
}

pub(crate) fn leases_json(leases: &[Lease]) -> String {
    let row = |lease: &Lease| json!([id_json(lease.job.0), lease.epoch]);
    leases.iter().map(row).collect::<Value>().to_string()
}

/// Null when there are none.
pub(crate) fn tags_json(tags: &[String]) -> Option<String> {
    (!tags.is_empty()).then(|| json!(tags).to_string())
}

pub(crate) fn tags(row: &SqliteRow) -> Result<Vec<String>, StorageError> {
    let Some(tags) = column::<Option<&str>>(row, "tags")? else {
        return Ok(Vec::new());
    };
    serde_json::from_str(tags)
        .map_err(|error| StorageError::Corrupt(format!("a job's tags: {error}")))
}

/// The first version is not stored, for most arguments have it.
pub(crate) fn later_version(version: u32) -> Option<u32> {
    (version > 1).then_some(version)
}

pub(crate) fn stored_version(version: Option<i64>) -> u32 {
    version.map_or(1, small)
}

/// As JSON, where a NUL is an escape.
pub(crate) fn error_json(error: &ErrorReport) -> String {
    json!(error).to_string()
}

pub(crate) fn error_report(json: &str) -> Result<ErrorReport, StorageError> {
    serde_json::from_str(json)
        .map_err(|error| StorageError::Corrupt(format!("an error report: {error}")))
}

pub(crate) fn state(name: &str) -> Result<State, StorageError> {
    name.parse()
        .map_err(|error: job_engine::state::UnknownState| StorageError::Corrupt(error.to_string()))
}

/// A number that is never negative.
pub(crate) fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// A count that is never negative.
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
