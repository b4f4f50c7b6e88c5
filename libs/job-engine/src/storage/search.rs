use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::JobId;
use crate::batch::BatchId;
use crate::state::State;

/// One thing that a search asks of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What is looked at.
    pub test: Test,
    /// Finds the jobs that fail the test instead. Default `false`.
    pub negated: bool,
}

/// What a [`Condition`] looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Test {
    /// It is in one of these states.
    State(Vec<State>),
    /// It failed before and waits for another attempt.
    Retry,
    /// It is in one of these queues.
    Queue(Vec<String>),
    /// It is of one of these kinds.
    Kind(Vec<String>),
    /// It belongs to one of these tenants.
    Tenant(Vec<String>),
    /// It has one of these tags.
    Tag(Vec<String>),
    /// It is of this batch.
    Batch(BatchId),
    /// It was enqueued in the trace with this id: 32 digits of hexadecimal, the second part of a
    /// `traceparent`.
    Trace(String),
    /// Its id is one of these; ids sort by the time of their making, and so do prefixes of ids.
    Id(RangeInclusive<JobId>),
    /// It was enqueued or scheduled first in this time.
    Created(TimeRange),
    /// It came into its state in this time.
    Changed(TimeRange),
    /// So many attempts were started and counted.
    Attempts(RangeInclusive<u32>),
    /// The error of its last failed attempt, with type and details, contains this text, without
    /// regard to case.
    Error(String),
    /// It is `Failed` with an error of this [group](crate::job::ErrorReport::group).
    ErrorGroup(String),
    /// Its kind, its arguments or its error contain this text, without regard to case.
    Text(String),
    /// There is this value at this path in its arguments.
    Argument(ArgumentTest),
}

/// A value in the arguments of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgumentTest {
    /// From the outside to the inside: names of fields, positions in lists.
    pub path: Vec<String>,
    /// What a string says, or a number, `true` or `false` as JSON writes it.
    pub value: String,
}

/// A time from (inclusive) and a time until (exclusive). The default is all of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// Inclusive; `None` is the beginning.
    pub from: Option<Timestamp>,
    /// Exclusive; `None` is the end.
    pub until: Option<Timestamp>,
}

impl Test {
    /// Finds the jobs that pass.
    pub fn holds(self) -> Condition {
        Condition {
            test: self,
            negated: false,
        }
    }

    /// Finds the jobs that do not pass.
    pub fn fails(self) -> Condition {
        Condition {
            test: self,
            negated: true,
        }
    }
}

impl TimeRange {
    /// Whether this moment lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// The longest part of a text that JSON writes as it is, and that patterns of SQL take as it is.
/// Storages look for it before they read JSON. Empty when there is none.
pub fn literal_part(text: &str) -> &str {
    let is_written_otherwise =
        |c: char| !c.is_ascii_alphanumeric() && !matches!(c, ' ' | '-' | '.' | ':' | '@' | ',');
    let parts = text.split(is_written_otherwise);
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

/// For SQL's `like` with `\\` as its escape character: the text anywhere, letter by letter. A NUL, which
/// no database keeps in a text, is left out.
pub fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars().filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_looks_for_each_letter_as_it_is() {
        assert_eq!(like_pattern("timed out"), "%timed out%");
        assert_eq!(like_pattern("5 %_\\\0"), "%5 \\%\\_\\\\%");
    }

    #[test]
    fn the_literal_part_holds_nothing_that_json_may_escape() {
        assert_eq!(literal_part("ada@example.org"), "ada@example.org");
        assert_eq!(literal_part("5 < 10*x+a's"), " 10");
        assert_eq!(literal_part("order 12345"), "order 12345");
        assert_eq!(literal_part(r#"a "quoted" b"#), "quoted");
        assert_eq!(literal_part("Térraba"), "rraba");
        assert_eq!(literal_part("\"é\\"), "");
    }
}
