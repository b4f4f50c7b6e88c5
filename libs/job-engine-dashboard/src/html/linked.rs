use job_engine::JobId;
use maud::{Markup, html};

use crate::addresses;
use crate::visit::Visit;

/// The words, with each `the job 0190…` made a link to that job.
pub(crate) fn jobs(visit: &Visit, words: &str) -> Markup {
    let mut rest = words;
    let mut pieces = Vec::new();
    while let Some((before, id, after)) = next_job(rest) {
        pieces.push((before, id));
        rest = after;
    }
    html! {
        @for (before, id) in pieces {
            (before)
            a.mono href=(visit.url(&addresses::job(id))) { (id) }
        }
        (rest)
    }
}

/// What stands before the next id, the id, and what comes after it.
fn next_job(words: &str) -> Option<(&str, JobId, &str)> {
    const BEFORE: &str = "the job ";
    const ID_LENGTH: usize = 36;
    let start = words.find(BEFORE)? + BEFORE.len();
    let id = words.get(start..start + ID_LENGTH)?.parse().ok()?;
    Some((&words[..start], JobId(id), &words[start + ID_LENGTH..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_among_words() {
        let id = JobId::random();
        let words = format!("Waits for the job {id} to succeed");

        assert_eq!(
            next_job(&words),
            Some(("Waits for the job ", id, " to succeed"))
        );
        assert_eq!(next_job("Waits for the job é of mine"), None);
        assert_eq!(next_job(&format!("It was {id}")), None);
    }
}
