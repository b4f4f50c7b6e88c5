use crate::found::{Found, Occurrence};
use crate::ledger::Ledger;
use crate::violation::Violation;

/// Each occurrence made one job, however many servers looked, and that job came to an end.
pub(crate) fn check_occurrences(ledger: &Ledger, found: &Found) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (id, interval) in &ledger.recurring {
        let of_this = found.occurrences.iter().filter(|one| one.of == *id);
        let mut occurrences: Vec<&Occurrence> = of_this.collect();
        occurrences.sort_by_key(|one| one.at);

        let interval = i64::try_from(interval.as_micros()).expect("it is no age of the earth");
        for pair in occurrences.windows(2) {
            match pair[1].at - pair[0].at {
                0 => violations.push(Violation::OccurredTwice(id.clone(), pair[0].at)),
                apart if apart == interval => {}
                _ => violations.push(Violation::LeftOut(id.clone(), pair[0].at + interval)),
            }
        }
        violations.extend(
            occurrences
                .iter()
                .filter_map(|one| check_occurrence(one, found)),
        );
    }
    violations
}

fn check_occurrence(occurrence: &Occurrence, found: &Found) -> Option<Violation> {
    let Some(id) = occurrence.job else {
        return Some(Violation::LeftOut(occurrence.of.clone(), occurrence.at));
    };
    match found.jobs.get(&id) {
        None => Some(Violation::Lost(id)),
        Some(job) => (!job.state.is_final()).then_some(Violation::Unfinished(id, job.state)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn occurrences_that_are_doubled_or_left_out_are_seen() {
        let interval = Duration::from_micros(10);
        let ledger = Ledger {
            recurring: vec![("tick".to_owned(), interval)],
            ..Ledger::default()
        };
        let at = |at| Occurrence {
            of: "tick".to_owned(),
            at,
            job: None,
        };
        let found = Found {
            occurrences: vec![at(30), at(0), at(10), at(10)],
            ..Found::default()
        };

        let violations = check_occurrences(&ledger, &found);

        let tick = || "tick".to_owned();
        assert!(violations.contains(&Violation::OccurredTwice(tick(), 10)));
        assert!(violations.contains(&Violation::LeftOut(tick(), 20)));
        assert!(
            violations.contains(&Violation::LeftOut(tick(), 30)),
            "no job"
        );
        assert!(!violations.contains(&Violation::LeftOut(tick(), 40)));
    }
}
