use jiff::Timestamp;

use crate::job::ErrorReport;

/// Failures that are alike: jobs of one kind that were given up with errors of one
/// [group](ErrorReport::group).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorGroup {
    /// The kind of the jobs.
    pub kind: String,
    /// The errors' [group](ErrorReport::group).
    pub group: String,
    /// How many of them are `Failed` now.
    pub jobs: u64,
    /// How many jobs were given up like this since it was first seen.
    pub failures: u64,
    /// When it was first seen.
    pub first_at: Timestamp,
    /// When it was last seen.
    pub last_at: Timestamp,
    /// The newest of the errors.
    pub error: ErrorReport,
}

impl ErrorReport {
    /// What errors that are alike have in common: a hash of their type and of the first line of the
    /// message, without what tells one case from the other (numbers, ids, addresses).
    pub fn group(&self) -> String {
        let mut text = self.kind.clone();
        text.push('\n');
        text.push_str(&without_cases(&self.message));
        format!("{:016x}", fnv_1a(&text))
    }
}

/// Words that hold a digit are told apart by nothing else.
fn without_cases(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let mut text = String::with_capacity(line.len());
    let mut word = String::new();
    for letter in line.chars().take(500).chain([' ']) {
        if letter.is_alphanumeric() || matches!(letter, '-' | '_') {
            word.push(letter);
            continue;
        }
        if word.contains(|c: char| c.is_ascii_digit()) {
            text.push('#');
        } else {
            text.push_str(&word);
        }
        word.clear();
        text.push(letter);
    }
    text
}

/// A hash that is the same in every version of every program.
fn fnv_1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(message: &str) -> String {
        let error = ErrorReport {
            kind: "io".to_owned(),
            message: message.to_owned(),
            details: message.to_owned(),
        };
        error.group()
    }

    #[test]
    fn errors_that_differ_in_a_case_alone_are_alike() {
        for (one, other) in [
            ("order 17 was lost", "order 4711 was lost"),
            ("no host db-1:5432", "no host db-22:5433"),
            (
                "job 0191f2a0-aaaa-7000-8000-000000000001 is gone",
                "job 0191f2a0-bbbb-7000-8000-00000000abcd is gone",
            ),
            ("timed out\nafter 3 s", "timed out\nat once"),
        ] {
            assert_eq!(group(one), group(other), "{one}");
        }
        assert_ne!(group("timed out"), group("refused"));
    }
}
