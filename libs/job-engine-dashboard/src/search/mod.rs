//! What people write into the search box, as a typed query.

mod condition;
mod help;
mod times;
mod words;

use jiff::Timestamp;
use job_engine::storage::Condition;

pub(crate) use help::HELP;

use condition::condition;
use words::words;

/// The longest search that is read.
const LONGEST: usize = 1000;

/// The most words of a search.
const MOST_WORDS: usize = 20;

/// A word that was not understood, and what would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misunderstanding(pub(crate) String);

/// Reads a search; all that cannot be understood is explained.
pub(crate) fn parse(text: &str, now: Timestamp) -> Result<Vec<Condition>, Vec<Misunderstanding>> {
    if text.len() > LONGEST {
        return Err(vec![Misunderstanding(format!(
            "This search is longer than {LONGEST} letters. Say less."
        ))]);
    }
    let words = words(text).map_err(|problem| vec![problem])?;
    if words.len() > MOST_WORDS {
        return Err(vec![Misunderstanding(format!(
            "This search has more than {MOST_WORDS} words. Say less."
        ))]);
    }

    let mut conditions = Vec::new();
    let mut problems = Vec::new();
    for word in words {
        match condition(&word, now) {
            Ok(condition) => conditions.push(condition),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(conditions)
    } else {
        Err(problems)
    }
}

/// Reads a search as the dashboard's search box does, for an API or a command line: what stands
/// between spaces is a condition, and all of them must hold. Ages count back from `now`. An error
/// says, word by word, what was not understood and what would be.
///
/// ```
/// use job_engine_dashboard::parse_search;
/// use jiff::Timestamp;
///
/// let conditions = parse_search("state:failed created:<2h -queue:mail", Timestamp::now());
/// assert_eq!(conditions.map(|all| all.len()), Ok(3));
/// assert!(parse_search("colour:red", Timestamp::now()).is_err());
/// ```
pub fn parse_search(words: &str, now: Timestamp) -> Result<Vec<Condition>, Vec<String>> {
    parse(words, now).map_err(|problems| problems.into_iter().map(|problem| problem.0).collect())
}

/// How a search says that a field has this value.
pub(crate) fn written(field: &str, value: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | ',' | '\\');
    if !value.is_empty() && value.chars().all(is_plain) {
        return format!("{field}:{value}");
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{field}:\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use job_engine::storage::Test;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().expect("it is a time")
    }

    fn problems(text: &str) -> Vec<String> {
        let problems = parse(text, now()).expect_err("it is not understood");
        problems.into_iter().map(|problem| problem.0).collect()
    }

    #[test]
    fn a_minus_finds_the_others() {
        let conditions = parse("-kind:ping kind:pong", now()).expect("it is understood");

        let negated: Vec<bool> = conditions
            .iter()
            .map(|condition| condition.negated)
            .collect();
        assert_eq!(negated, [true, false]);
    }

    #[test]
    fn a_search_has_bounds() {
        assert_eq!(problems(&"x".repeat(1001)).len(), 1);
        assert_eq!(problems(&"x ".repeat(21)).len(), 1);
    }

    #[test]
    fn a_written_field_reads_back() {
        for value in ["send_mail", "my queue", "a\"b\\c", "a,b", "-x"] {
            let text = written("kind", value);

            let of_kind = Test::Kind(vec![value.to_owned()]).holds();
            assert_eq!(parse(&text, now()), Ok(vec![of_kind]), "{text}");
        }
    }
}
