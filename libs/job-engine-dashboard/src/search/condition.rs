use jiff::Timestamp;
use job_engine::storage::{ArgumentTest, Condition, Test};
use job_engine::{BatchId, JobId, State};
use uuid::Uuid;

use super::words::Word;
use super::{Misunderstanding, times};

/// What one word asks for, or what is wrong with it.
pub(super) fn condition(word: &Word, now: Timestamp) -> Result<Condition, Misunderstanding> {
    Ok(Condition {
        test: test(word, now)?,
        negated: word.negated,
    })
}

fn test(word: &Word, now: Timestamp) -> Result<Test, Misunderstanding> {
    let Some(field) = &word.field else {
        return Ok(Test::Text(word.text()));
    };
    if word.values.iter().all(String::is_empty) {
        return explain(format!("“{field}:” says nothing after the colon."));
    }

    match field.as_str() {
        "state" | "is" => states(&word.values),
        "queue" => Ok(Test::Queue(word.values.clone())),
        "kind" => Ok(Test::Kind(word.values.clone())),
        "tenant" => Ok(Test::Tenant(word.values.clone())),
        "tag" => Ok(Test::Tag(word.values.clone())),
        "batch" => batch(&word.text()),
        "trace" => Ok(Test::Trace(word.text())),
        "id" => ids(&word.text()),
        "group" => group(&word.text()),
        "error" => Ok(Test::Error(word.text())),
        "created" => times::range(&word.text(), now).map(Test::Created),
        "changed" => times::range(&word.text(), now).map(Test::Changed),
        "attempts" | "attempt" => attempts(&word.text()),
        _ => match field.strip_prefix("args.") {
            Some(path) if path.split('.').all(|step| !step.is_empty()) => {
                Ok(Test::Argument(ArgumentTest {
                    path: path.split('.').map(str::to_owned).collect(),
                    value: word.text(),
                }))
            }
            _ => unknown(field),
        },
    }
}

fn unknown(field: &str) -> Result<Test, Misunderstanding> {
    explain(format!(
        "There is no “{field}:” to search by. There are state:, queue:, kind:, tenant:, tag:, \
         batch:, trace:, id:, error:, created:, changed:, attempts: and args.PATH:. To look for the \
         text itself, write it in quotes."
    ))
}

fn states(names: &[String]) -> Result<Test, Misunderstanding> {
    if let [only] = names
        && matches!(
            only.to_ascii_lowercase().as_str(),
            "retrying" | "retry" | "retries"
        )
    {
        return Ok(Test::Retry);
    }
    let states: Result<Vec<State>, _> = names.iter().map(|name| name.parse()).collect();
    match states {
        Ok(states) => Ok(Test::State(states)),
        Err(_) => explain(format!(
            "“{}” is no state. The states are enqueued, scheduled, awaiting, processing, succeeded, \
             failed, deleted and, alone, retrying.",
            names.join(",")
        )),
    }
}

/// An id or how it begins.
fn ids(text: &str) -> Result<Test, Misunderstanding> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let is_prefix = digits.len() <= 32 && digits.chars().all(|c| c.is_ascii_hexdigit());
    if !is_prefix {
        return explain(format!(
            "“{text}” does not begin like an id: ids are hexadecimal."
        ));
    }
    let filled = |with: char| {
        let padding: String = std::iter::repeat_n(with, 32 - digits.len()).collect();
        let id = Uuid::try_parse(&format!("{digits}{padding}"));
        JobId(id.expect("32 hexadecimal digits are an id"))
    };
    Ok(Test::Id(filled('0')..=filled('f')))
}

fn batch(text: &str) -> Result<Test, Misunderstanding> {
    match text.parse() {
        Ok(id) => Ok(Test::Batch(BatchId(id))),
        Err(_) => explain(format!(
            "“{text}” is no id of a batch. Write the whole id, as the page of the batch shows it."
        )),
    }
}

/// As the page of errors links to it.
fn group(text: &str) -> Result<Test, Misunderstanding> {
    if text.len() == 16 && text.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(Test::ErrorGroup(text.to_ascii_lowercase()));
    }
    explain(format!(
        "“{text}” is no group of errors: these are 16 hexadecimal digits."
    ))
}

fn attempts(text: &str) -> Result<Test, Misunderstanding> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let range = if let Some((from, to)) = text.split_once("..") {
        number(from).zip(number(to))
    } else if let Some(least) = text.strip_prefix(">=") {
        number(least).map(|least| (least, u32::MAX))
    } else if let Some(most) = text.strip_prefix("<=") {
        number(most).map(|most| (0, most))
    } else if let Some(below) = text.strip_prefix('>') {
        number(below).map(|below| (below.saturating_add(1), u32::MAX))
    } else if let Some(above) = text.strip_prefix('<') {
        number(above).and_then(|above| Some((0, above.checked_sub(1)?)))
    } else {
        number(text).map(|number| (number, number))
    };
    match range {
        Some((from, to)) => Ok(Test::Attempts(from..=to)),
        None => explain(format!(
            "“{text}” is no number of attempts. Write 3, >=3, <3 or 2..4."
        )),
    }
}

fn explain<T>(words: String) -> Result<T, Misunderstanding> {
    Err(Misunderstanding(words))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn now() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().expect("it is a time")
    }

    fn tests(text: &str) -> Vec<Test> {
        let conditions = parse(text, now()).unwrap_or_else(|problems| panic!("{problems:?}"));
        conditions
            .into_iter()
            .map(|condition| condition.test)
            .collect()
    }

    fn problems(text: &str) -> Vec<String> {
        let problems = parse(text, now()).expect_err("it is not understood");
        problems.into_iter().map(|problem| problem.0).collect()
    }

    #[test]
    fn each_word_is_a_condition() {
        let found = tests(r#"state:failed,Deleted kind:a queue:"my queue" args.user.id:7 late"#);

        assert_eq!(
            found,
            [
                Test::State(vec![State::Failed, State::Deleted]),
                Test::Kind(vec!["a".to_owned()]),
                Test::Queue(vec!["my queue".to_owned()]),
                Test::Argument(ArgumentTest {
                    path: vec!["user".to_owned(), "id".to_owned()],
                    value: "7".to_owned(),
                }),
                Test::Text("late".to_owned()),
            ]
        );
    }

    #[test]
    fn how_an_id_begins_is_a_range_of_ids() {
        let [Test::Id(ids)] = &tests("id:0191F2-a")[..] else {
            panic!("it is a range of ids");
        };

        assert_eq!(
            ids.start().to_string(),
            "0191f2a0-0000-0000-0000-000000000000"
        );
        assert_eq!(
            ids.end().to_string(),
            "0191f2af-ffff-ffff-ffff-ffffffffffff"
        );
    }

    #[test]
    fn attempts_are_a_number_or_a_range() {
        for (text, range) in [
            ("attempts:3", 3..=3),
            ("attempts:>=3", 3..=u32::MAX),
            ("attempts:<3", 0..=2),
            ("attempts:2..4", 2..=4),
        ] {
            assert_eq!(tests(text), [Test::Attempts(range)], "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_explained() {
        let found =
            problems("colour:red state:broken attempts:few id:xyz kind:ok created:soon kind:");

        assert_eq!(found.len(), 6, "{found:?}");
        assert!(found[0].contains("no “colour:” to search by"));
        assert!(found[1].contains("The states are"));
    }

    #[test]
    fn a_batch_is_found_by_its_whole_id() {
        let batch = BatchId::random();

        assert_eq!(tests(&format!("batch:{batch}")), [Test::Batch(batch)]);
        assert!(problems("batch:0197")[0].contains("Write the whole id"));
    }
}
