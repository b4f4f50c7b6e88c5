//! How many jobs of a limited queue ran at the same time.

use std::collections::HashMap;

use job_engine::storage::JobId;

use crate::found::Found;
use crate::ledger::{CutOff, Ledger, Run};
use crate::violation::Violation;

/// At no time did more jobs of a queue run than its limit says, those left out that others were
/// right to take for dead.
pub(crate) fn check_limits(ledger: &Ledger, found: &Found) -> Vec<Violation> {
    let queues = queues(found);
    let mut violations = Vec::new();
    for (queue, most) in &ledger.limits {
        let of_this = |run: &&Run| queues.get(&run.job) == Some(&queue.as_str());
        let runs: Vec<&Run> = ledger.runs.iter().filter(of_this).collect();
        for run in &runs {
            let at_once = running_at(run.began, &runs, &ledger.cut_off);
            if at_once > *most {
                let queue = queue.clone();
                violations.push(Violation::LimitExceeded(queue, run.job, at_once));
            }
        }
    }
    violations
}

fn queues(found: &Found) -> HashMap<JobId, &str> {
    let jobs = found.jobs.iter();
    jobs.map(|(id, job)| (*id, job.queue.as_str())).collect()
}

/// Of a run whose process died nothing is known after its beginning.
fn running_at(time: u64, runs: &[&Run], cut_off: &[CutOff]) -> usize {
    let runs_then = |run: &&&Run| {
        let ended = run.ended.unwrap_or(run.began);
        run.began == time || (run.began..ended).contains(&time)
    };
    let is_heard = |run: &&&Run| !cut_off.iter().any(|cut| cut.silences(run.process, time));
    runs.iter().filter(runs_then).filter(is_heard).count()
}

#[cfg(test)]
mod tests {
    use job_engine::State;

    use super::*;
    use crate::found::FoundJob;

    #[test]
    fn as_many_as_the_limit_says_may_run_at_once() {
        let (ledger, found) = three_jobs([(10, 30), (20, 40), (30, 50)]);

        assert_eq!(check_limits(&ledger, &found), []);
    }

    #[test]
    fn one_more_than_the_limit_says_is_seen() {
        let (ledger, found) = three_jobs([(10, 30), (20, 40), (29, 50)]);

        let violations = check_limits(&ledger, &found);

        let last = ledger.runs[2].job;
        let expected = Violation::LimitExceeded("narrow".to_owned(), last, 3);
        assert_eq!(violations, [expected]);
    }

    #[test]
    fn who_could_not_be_heard_does_not_count() {
        let (mut ledger, found) = three_jobs([(10, 30), (20, 40), (29, 50)]);
        ledger.cut_off.push(CutOff {
            process: Some(1),
            from: 15,
            to: 35,
        });

        assert_eq!(check_limits(&ledger, &found), []);
    }

    #[test]
    fn other_queues_have_no_limit() {
        let (ledger, mut found) = three_jobs([(10, 30), (20, 40), (29, 50)]);
        for job in found.jobs.values_mut() {
            "wide".clone_into(&mut job.queue);
        }

        assert_eq!(check_limits(&ledger, &found), []);
    }

    /// Each in a process of its own, of a queue in which two may run at once.
    fn three_jobs(times: [(u64, u64); 3]) -> (Ledger, Found) {
        let mut ledger = Ledger {
            limits: vec![("narrow".to_owned(), 2)],
            ..Ledger::default()
        };
        let mut found = Found::default();
        for (process, (began, ended)) in (1..).zip(times) {
            let run = Run {
                job: JobId::random(),
                epoch: 1,
                process,
                began,
                ended: Some(ended),
                done: true,
            };
            let job = FoundJob {
                state: State::Succeeded,
                history: vec![State::Enqueued, State::Processing, State::Succeeded],
                queue: "narrow".to_owned(),
            };
            found.jobs.insert(run.job, job);
            ledger.runs.push(run);
        }
        (ledger, found)
    }
}
