//! How many jobs of a queue with a rate began within its period.

use std::time::Duration;

use crate::found::Found;
use crate::ledger::{Ledger, Run};
use crate::violation::Violation;

/// A handler writes down that it begins so much later, at most, than it was let to.
const LATE: Duration = Duration::from_millis(100);

/// Within no period did more jobs of a queue begin than its rate says, those left out that had stopped
/// between being let to begin and beginning.
pub(crate) fn check_rates(ledger: &Ledger, found: &Found) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (queue, most, period) in &ledger.rates {
        let period = period.saturating_sub(LATE).as_micros();
        let begun = begun(queue, ledger, found);
        for several in begun.windows(most + 1) {
            let (first, last) = (several[0], several[*most]);
            if u128::from(last.began - first.began) < period {
                violations.push(Violation::RateExceeded(queue.clone(), last.job));
            }
        }
    }
    violations
}

/// In the order in which they began.
fn begun<'a>(queue: &str, ledger: &'a Ledger, found: &Found) -> Vec<&'a Run> {
    let of_this = |run: &&Run| {
        let job = found.jobs.get(&run.job);
        job.is_some_and(|job| job.queue == queue)
    };
    let is_heard = |run: &&Run| {
        let mut silences = ledger.cut_off.iter();
        !silences.any(|cut| cut.silences(run.process, run.began))
    };
    let mut begun: Vec<&Run> = ledger.runs.iter().filter(of_this).collect();
    begun.retain(is_heard);
    begun.sort_by_key(|run| run.began);
    begun
}

#[cfg(test)]
mod tests {
    use job_engine::State;
    use job_engine::storage::JobId;

    use super::*;
    use crate::found::FoundJob;
    use crate::ledger::CutOff;

    #[test]
    fn as_many_as_the_rate_says_may_begin_within_its_period() {
        let (ledger, found) = three_jobs([0, 1, 1000]);

        assert_eq!(check_rates(&ledger, &found), []);
    }

    #[test]
    fn one_more_within_the_period_is_seen() {
        let (ledger, found) = three_jobs([0, 1, 899]);

        let violations = check_rates(&ledger, &found);

        let last = ledger.runs[2].job;
        let expected = Violation::RateExceeded("paced".to_owned(), last);
        assert_eq!(violations, [expected]);
    }

    #[test]
    fn who_was_stopped_before_it_began_does_not_count() {
        let (mut ledger, found) = three_jobs([0, 1, 899]);
        ledger.cut_off.push(CutOff {
            process: Some(3),
            from: 500_000,
            to: 900_000,
        });

        assert_eq!(check_rates(&ledger, &found), []);
    }

    #[test]
    fn other_queues_have_no_rate() {
        let (ledger, mut found) = three_jobs([0, 1, 2]);
        for job in found.jobs.values_mut() {
            "wide".clone_into(&mut job.queue);
        }

        assert_eq!(check_rates(&ledger, &found), []);
    }

    /// At these milliseconds, of a queue in which two may begin within a second.
    fn three_jobs(times: [u64; 3]) -> (Ledger, Found) {
        let mut ledger = Ledger {
            rates: vec![("paced".to_owned(), 2, Duration::from_secs(1))],
            ..Ledger::default()
        };
        let mut found = Found::default();
        for (process, time) in (1..).zip(times) {
            let run = Run {
                job: JobId::random(),
                epoch: 1,
                process,
                began: time * 1000,
                ended: Some(time * 1000 + 1),
                done: true,
            };
            let job = FoundJob {
                state: State::Succeeded,
                history: vec![State::Enqueued, State::Processing, State::Succeeded],
                queue: "paced".to_owned(),
            };
            found.jobs.insert(run.job, job);
            ledger.runs.push(run);
        }
        (ledger, found)
    }
}
