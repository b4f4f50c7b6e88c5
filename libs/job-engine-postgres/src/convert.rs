//! Between the engine's types and those of the tables.

use std::time::Duration;

use jiff::Timestamp;
use job_engine::State;
use job_engine::job::ErrorReport;
use job_engine::storage::StorageError;
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

/// Longer delays are stored as this: no date overflows.
const MAX_DELAY: Duration = Duration::from_hours(100 * 366 * 24);

pub(crate) fn unavailable(error: sqlx::Error) -> StorageError {
    StorageError::unavailable(error)
}

/// Reads a column of a row that the storage wrote itself.
pub(crate) fn column<'r, T>(row: &'r PgRow, name: &str) -> Result<T, StorageError>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
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

pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// PostgreSQL's text holds every character but NUL. A reason may quote anything, so it gets the
/// picture of one (U+2400) instead.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

/// The text of an array, null when it is empty.
pub(crate) fn array(texts: &[String]) -> Option<String> {
    if texts.is_empty() {
        return None;
    }
    let quoted: Vec<String> = texts
        .iter()
        .map(|text| format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#)))
        .collect();
    Some(format!("{{{}}}", quoted.join(",")))
}

/// A column of an `unnest`, which fills up a shorter one with nulls: one of nulls alone costs nothing
/// when it is empty.
pub(crate) fn sparse<T>(column: Vec<Option<T>>) -> Vec<Option<T>> {
    if column.iter().all(Option::is_none) {
        return Vec::new();
    }
    column
}

/// The first version is not stored, for most arguments have it.
pub(crate) fn later_version(version: u32) -> Option<i32> {
    (version > 1).then(|| signed(version))
}

pub(crate) fn stored_version(version: Option<i32>) -> u32 {
    version.map_or(1, unsigned)
}

/// As JSON, where a NUL is an escape, with the group by which failures are put together.
pub(crate) fn error_json(error: &ErrorReport) -> String {
    let mut json = json!({ "group": error.group() });
    json["kind"] = json!(error.kind);
    json["message"] = json!(error.message);
    json["details"] = json!(error.details);
    json.to_string()
}

pub(crate) fn error_report(json: &str) -> Result<ErrorReport, StorageError> {
    serde_json::from_str(json)
        .map_err(|error| StorageError::Corrupt(format!("an error report: {error}")))
}

pub(crate) fn state(name: &str) -> Result<State, StorageError> {
    name.parse()
        .map_err(|error: job_engine::state::UnknownState| StorageError::Corrupt(error.to_string()))
}

/// A count or number that is never negative.
pub(crate) fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// A number that is stored as one that could be negative.
pub(crate) fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A count that is never negative.
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
