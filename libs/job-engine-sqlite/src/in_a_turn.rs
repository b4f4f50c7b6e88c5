use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long an operation writes before others do. Workers claim further ahead than that where claims
/// take so long; who enqueues waits.
const TURN: Duration = Duration::from_millis(60);

/// Few enough for a slow disk.
const FIRST: usize = 250;

/// What is common to all of a turn is worth little with more, and their pages have to fit into memory.
const MOST: usize = 2000;

const FEWEST: usize = 50;

/// How many jobs an operation changes in one turn to write: as many as this machine does in a short
/// time, for all other writers wait.
#[derive(Debug)]
pub(crate) struct InATurn(AtomicUsize);

impl Default for InATurn {
    fn default() -> Self {
        Self(AtomicUsize::new(FIRST))
    }
}

impl InATurn {
    pub(crate) fn jobs(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A turn may be slow or quick by chance, so the next one has at least half as many jobs and at most
    /// twice as many.
    pub(crate) fn took(&self, jobs: usize, time: Duration) {
        // The last few of a search do not tell what many take.
        if jobs < self.jobs() / 2 {
            return;
        }
        let fitting = TURN.as_micros() * jobs as u128 / time.as_micros().max(1);
        let fitting = usize::try_from(fitting).unwrap_or(MOST);
        let now = self.jobs();
        let next = fitting.clamp(now / 2, now * 2).clamp(FEWEST, MOST);
        self.0.store(next, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_has_as_many_jobs_as_are_changed_in_its_time() {
        let in_a_turn = InATurn::default();
        for _ in 0..5 {
            in_a_turn.took(in_a_turn.jobs(), per_job(in_a_turn.jobs(), 50));
        }

        assert_eq!(in_a_turn.jobs(), 1200);
    }

    #[test]
    fn one_turn_that_is_slow_or_quick_by_chance_is_believed_half() {
        let in_a_turn = InATurn::default();
        in_a_turn.took(250, Duration::from_secs(5));
        assert_eq!(in_a_turn.jobs(), 125);

        in_a_turn.took(125, Duration::ZERO);
        assert_eq!(in_a_turn.jobs(), 250);
    }

    #[test]
    fn a_turn_has_neither_too_few_jobs_nor_too_many() {
        let in_a_turn = InATurn::default();
        for _ in 0..10 {
            in_a_turn.took(in_a_turn.jobs(), Duration::from_mins(1));
        }
        assert_eq!(in_a_turn.jobs(), FEWEST);

        for _ in 0..10 {
            in_a_turn.took(in_a_turn.jobs(), Duration::from_millis(1));
        }
        assert_eq!(in_a_turn.jobs(), MOST);
    }

    #[test]
    fn the_last_few_of_a_search_change_nothing() {
        let in_a_turn = InATurn::default();
        in_a_turn.took(0, Duration::from_millis(1));
        in_a_turn.took(10, Duration::from_millis(1));

        assert_eq!(in_a_turn.jobs(), FIRST);
    }

    fn per_job(jobs: usize, micros: u64) -> Duration {
        Duration::from_micros(micros * jobs as u64)
    }
}
