use std::collections::{HashMap, HashSet};

use job_engine::State;
use job_engine::storage::JobId;

use crate::found::{Found, FoundJob};
use crate::ledger::{Answer, CutOff, Intent, Ledger, Run};
use crate::occurrences::check_occurrences;
use crate::overlaps::check_limits;
use crate::rates::check_rates;
use crate::violation::Violation;

/// Everything in which the storage, after its jobs were worked off, contradicts what was written
/// down.
pub fn check(ledger: &Ledger, found: &Found) -> Vec<Violation> {
    let mut violations = Vec::new();
    let runs = runs_by_job(ledger);

    for intent in &ledger.intents {
        violations.extend(check_intent(intent, found, &runs));
    }
    violations.extend(check_occurrences(ledger, found));
    let occurred = found.occurrences.iter().filter_map(|one| one.job);
    let intended: HashSet<JobId> = ledger
        .intents
        .iter()
        .flat_map(|intent| intent.jobs.clone())
        .chain(occurred)
        .collect();
    let invented = found.jobs.keys().filter(|id| !intended.contains(id));
    violations.extend(invented.map(|id| Violation::Invented(*id)));

    for (id, job) in &found.jobs {
        let runs = runs.get(id).map_or(&[][..], Vec::as_slice);
        violations.extend(check_history(*id, job));
        violations.extend(check_end(*id, job, runs));
        violations.extend(check_leases(*id, job, runs));
        violations.extend(check_overlaps(*id, runs, &ledger.cut_off));
    }
    violations.extend(check_limits(ledger, found));
    violations.extend(check_rates(ledger, found));
    violations.extend(check_counts(found));
    violations
}

fn runs_by_job(ledger: &Ledger) -> HashMap<JobId, Vec<&Run>> {
    let mut runs: HashMap<JobId, Vec<&Run>> = HashMap::new();
    for run in &ledger.runs {
        runs.entry(run.job).or_default().push(run);
    }
    for runs in runs.values_mut() {
        runs.sort_by_key(|run| (run.epoch, run.began));
    }
    runs
}

fn check_intent(
    intent: &Intent,
    found: &Found,
    runs: &HashMap<JobId, Vec<&Run>>,
) -> Vec<Violation> {
    let stored = |id: &JobId| found.jobs.get(id);
    let ids = intent.jobs.iter();
    match intent.answer {
        Answer::Acknowledged => ids
            .filter_map(|id| match stored(id) {
                None => Some(Violation::Lost(*id)),
                Some(job) => {
                    (!job.state.is_final()).then_some(Violation::Unfinished(*id, job.state))
                }
            })
            .collect(),
        Answer::RolledBack => ids
            .filter_map(|id| match (stored(id), runs.get(id)) {
                (Some(_), _) => Some(Violation::StoredAgainstItsRollback(*id)),
                (None, Some(_)) => Some(Violation::RanAgainstItsRollback(*id)),
                (None, None) => None,
            })
            .collect(),
        Answer::Unknown => {
            let there = ids.clone().filter(|id| stored(id).is_some()).count();
            let torn = there > 0 && there < intent.jobs.len();
            let unfinished = ids.filter_map(|id| {
                let job = stored(id).filter(|job| !job.state.is_final())?;
                Some(Violation::Unfinished(*id, job.state))
            });
            let torn = torn.then(|| Violation::Torn(intent.jobs.clone()));
            unfinished.chain(torn).collect()
        }
    }
}

fn check_history(id: JobId, job: &FoundJob) -> Vec<Violation> {
    let mut violations = Vec::new();
    for pair in job.history.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let retries = (from, to) == (State::Failed, State::Scheduled);
        let legal = retries || (from.may_become(to) && !from.is_final());
        if !legal {
            violations.push(Violation::ImpossibleHistory(id, from, to));
        }
    }
    if let Some(last) = job.history.last().filter(|last| **last != job.state) {
        violations.push(Violation::ImpossibleHistory(id, *last, job.state));
    }
    violations
}

/// Nobody but the last claim may have ended the job, and only after its run.
fn check_end(id: JobId, job: &FoundJob, runs: &[&Run]) -> Option<Violation> {
    if !matches!(job.state, State::Succeeded | State::Failed) {
        return None;
    }
    let last_claim = job.claims();
    let mut of_last_claim = runs.iter().filter(|run| run.epoch == last_claim);
    let Some(run) = of_last_claim.next() else {
        return Some(Violation::EndedWithoutARun(id));
    };
    if job.state == State::Succeeded && !run.done {
        return Some(Violation::SucceededWithoutItsEffect(id));
    }
    None
}

fn check_leases(id: JobId, job: &FoundJob, runs: &[&Run]) -> Vec<Violation> {
    let claims = job.claims();
    let untold = runs.iter().filter(|run| run.epoch > claims);
    let shared = runs
        .windows(2)
        .filter(|pair| pair[0].epoch == pair[1].epoch);
    untold
        .map(|run| Violation::UntoldRun(id, run.epoch))
        .chain(shared.map(|pair| Violation::SharedLease(id, pair[0].epoch)))
        .collect()
}

fn check_overlaps(id: JobId, runs: &[&Run], cut_off: &[CutOff]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (place, first) in runs.iter().enumerate() {
        for second in &runs[place + 1..] {
            // Of a run whose process died nothing is known after its beginning.
            let ended = first.ended.unwrap_or(first.began);
            let excused = cut_off.iter().any(|time| time.excuses(first, second));
            if second.began < ended && !excused {
                violations.push(Violation::Overlapped(id, first.epoch, second.epoch));
            }
        }
    }
    violations
}

fn check_counts(found: &Found) -> Vec<Violation> {
    let counts = &found.counts;
    let counted = [
        (State::Enqueued, counts.enqueued),
        (State::Scheduled, counts.scheduled),
        (State::Awaiting, counts.awaiting),
        (State::Processing, counts.processing),
        (State::Succeeded, counts.succeeded),
        (State::Failed, counts.failed),
        (State::Deleted, counts.deleted),
    ];
    counted
        .into_iter()
        .filter_map(|(state, counted)| {
            let there = found.jobs.values().filter(|job| job.state == state);
            let there = there.count() as u64;
            (counted != there).then_some(Violation::Miscounted(state, counted, there))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use job_engine::State::{Enqueued, Failed, Processing, Scheduled, Succeeded};
    use job_engine::storage::Counts;

    use super::*;

    #[test]
    fn a_job_that_ran_once_and_succeeded_is_in_order() {
        let id = JobId::random();
        let ledger = ledger(&[intent(id, Answer::Acknowledged)], &[run(id, 1, 10, 20)]);

        assert_eq!(check(&ledger, &succeeded(id)), []);
    }

    #[test]
    fn a_job_that_was_retried_after_a_failure_is_in_order() {
        let id = JobId::random();
        let runs = [run(id, 1, 10, 20), run(id, 2, 30, 40)];
        let ledger = ledger(&[intent(id, Answer::Acknowledged)], &runs);
        let history = [
            Enqueued, Processing, Failed, Scheduled, Enqueued, Processing, Succeeded,
        ];

        assert_eq!(check(&ledger, &found(id, &history)), []);
    }

    #[test]
    fn an_acknowledged_job_that_is_not_there_is_lost() {
        let id = JobId::random();
        let ledger = ledger(&[intent(id, Answer::Acknowledged)], &[]);

        let violations = check(&ledger, &Found::default());

        assert_eq!(violations, [Violation::Lost(id)]);
    }

    #[test]
    fn a_job_that_nobody_gives_back_is_unfinished() {
        let id = JobId::random();
        let ledger = ledger(&[intent(id, Answer::Acknowledged)], &[run(id, 1, 10, 20)]);

        let violations = check(&ledger, &found(id, &[Enqueued, Processing]));

        assert_eq!(violations, [Violation::Unfinished(id, Processing)]);
    }

    #[test]
    fn half_a_transaction_is_torn() {
        let (id, other) = (JobId::random(), JobId::random());
        let unclear = Intent {
            jobs: vec![id, other],
            answer: Answer::Unknown,
        };
        let ledger = ledger(&[unclear], &[run(id, 1, 10, 20)]);

        let violations = check(&ledger, &succeeded(id));

        assert_eq!(violations, [Violation::Torn(vec![id, other])]);
    }

    #[test]
    fn a_job_that_was_rolled_back_neither_is_there_nor_runs() {
        let id = JobId::random();
        let ledger = ledger(&[intent(id, Answer::RolledBack)], &[run(id, 1, 10, 20)]);

        assert_eq!(
            check(&ledger, &succeeded(id)),
            [Violation::StoredAgainstItsRollback(id)]
        );
        assert_eq!(
            check(&ledger, &Found::default()),
            [Violation::RanAgainstItsRollback(id)]
        );
    }

    #[test]
    fn success_without_the_work_is_no_success() {
        let id = JobId::random();
        let mut only_begun = run(id, 1, 10, 20);
        only_begun.done = false;
        let ledger = ledger(&[intent(id, Answer::Acknowledged)], &[only_begun]);

        let violations = check(&ledger, &succeeded(id));

        assert_eq!(violations, [Violation::SucceededWithoutItsEffect(id)]);
    }

    #[test]
    fn the_end_belongs_to_the_last_claim() {
        let id = JobId::random();
        let ledger = ledger(&[intent(id, Answer::Acknowledged)], &[run(id, 1, 10, 20)]);
        let history = [Enqueued, Processing, Enqueued, Processing, Succeeded];

        let violations = check(&ledger, &found(id, &history));

        assert_eq!(violations, [Violation::EndedWithoutARun(id)]);
    }

    #[test]
    fn two_runs_under_one_lease_are_seen() {
        let id = JobId::random();
        let runs = [run(id, 1, 10, 20), run(id, 1, 30, 40)];
        let ledger = ledger(&[intent(id, Answer::Acknowledged)], &runs);

        let violations = check(&ledger, &succeeded(id));

        assert_eq!(violations, [Violation::SharedLease(id, 1)]);
    }

    #[test]
    fn runs_may_overlap_only_when_the_first_process_could_not_be_heard() {
        let id = JobId::random();
        let runs = [run(id, 1, 10, 100), run(id, 2, 50, 60)];
        let mut ledger = ledger(&[intent(id, Answer::Acknowledged)], &runs);
        let history = [Enqueued, Processing, Enqueued, Processing, Succeeded];
        let found = found(id, &history);

        assert_eq!(check(&ledger, &found), [Violation::Overlapped(id, 1, 2)]);

        let (from, to) = (40, 70);
        ledger.cut_off.push(CutOff {
            process: Some(1),
            from,
            to,
        });
        assert_eq!(check(&ledger, &found), []);
    }

    #[test]
    fn nothing_follows_an_end() {
        let id = JobId::random();
        let ledger = ledger(&[intent(id, Answer::Acknowledged)], &[run(id, 1, 10, 20)]);
        let history = [Enqueued, Processing, Succeeded, Succeeded];

        let violations = check(&ledger, &found(id, &history));

        let expected = Violation::ImpossibleHistory(id, Succeeded, Succeeded);
        assert_eq!(violations, [expected]);
    }

    #[test]
    fn counters_are_recounted() {
        let id = JobId::random();
        let ledger = ledger(&[intent(id, Answer::Acknowledged)], &[run(id, 1, 10, 20)]);
        let mut found = succeeded(id);
        found.counts.succeeded = 2;

        let violations = check(&ledger, &found);

        assert_eq!(violations, [Violation::Miscounted(Succeeded, 2, 1)]);
    }

    #[test]
    fn a_job_that_nobody_enqueued_is_seen() {
        let id = JobId::random();
        let ledger = ledger(&[], &[run(id, 1, 10, 20)]);

        assert_eq!(check(&ledger, &succeeded(id)), [Violation::Invented(id)]);
    }

    fn ledger(intents: &[Intent], runs: &[Run]) -> Ledger {
        Ledger {
            intents: intents.to_vec(),
            runs: runs.to_vec(),
            ..Ledger::default()
        }
    }

    fn intent(id: JobId, answer: Answer) -> Intent {
        Intent {
            jobs: vec![id],
            answer,
        }
    }

    fn run(job: JobId, epoch: i64, began: u64, ended: u64) -> Run {
        Run {
            job,
            epoch,
            process: u32::try_from(epoch).expect("epochs are small here"),
            began,
            ended: Some(ended),
            done: true,
        }
    }

    fn succeeded(id: JobId) -> Found {
        found(id, &[Enqueued, Processing, Succeeded])
    }

    fn found(id: JobId, history: &[State]) -> Found {
        let state = *history.last().expect("a job has a state");
        let job = FoundJob {
            state,
            history: history.to_vec(),
            queue: "default".to_owned(),
        };
        let counts = Counts {
            succeeded: u64::from(state == Succeeded),
            processing: u64::from(state == Processing),
            ..Counts::default()
        };
        Found {
            jobs: HashMap::from([(id, job)]),
            counts,
            occurrences: Vec::new(),
        }
    }
}
