//! Where the jobs that wait for a time begin.
//!
//! What became due long ago may still be in the index, before what waits (see
//! [`Looks`](crate::looks::Looks)). So the storage remembers up to which time jobs have become
//! `Enqueued`, and begins there once looking from the start has become slow. What was committed late
//! lies before that place; looks from the start, now and then, find it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::looks::Looks;

/// Between two slow looks from the start, for each part of time that such a look takes.
const REST_PER_LOOK: u32 = 20;

/// In microseconds: what a transaction that is this slow commits is found at once.
const MARGIN: i64 = 1_000_000;

#[derive(Debug, Default)]
pub(crate) struct Schedule {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    looks: Looks,
    /// The latest time for which a job waited that has become `Enqueued`.
    until: Option<i64>,
}

impl Schedule {
    /// From when on jobs may wait, in microseconds since the Unix epoch; `None` for a look from the
    /// start.
    pub(crate) fn begin(&self) -> Option<i64> {
        let seen = self.lock();
        seen.begin().filter(|_| !seen.looks.rested(REST_PER_LOOK))
    }

    /// The same, where a look from the start has been made just now.
    pub(crate) fn begin_after_look(&self) -> Option<i64> {
        self.lock().begin()
    }

    /// A look from the start, which moved so many jobs, took so long.
    pub(crate) fn looked(&self, moved: u32, took: Duration) {
        let expected = Duration::from_millis(20) + moved * Duration::from_micros(50);
        self.lock().looks.took(took, expected);
    }

    /// Jobs that waited until this time, and none for a later one, were moved.
    pub(crate) fn moved(&self, until: i64) {
        let mut seen = self.lock();
        seen.until = seen.until.max(Some(until));
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn begin(&self) -> Option<i64> {
        let until = self.until.filter(|_| self.looks.are_slow())?;
        Some(until.saturating_sub(MARGIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::looks::SLOW_LOOKS;

    const SLOW: Duration = Duration::from_secs(5);

    #[test]
    fn nothing_is_left_out_while_looks_are_quick() {
        let schedule = Schedule::default();
        schedule.moved(7 * MARGIN);

        for _ in 0..10 {
            schedule.looked(1000, Duration::from_millis(1));
        }

        assert_eq!(schedule.begin(), None);
    }

    #[test]
    fn slow_looks_make_it_begin_shortly_before_what_was_moved_last() {
        let schedule = slow_schedule();

        schedule.moved(7 * MARGIN);
        schedule.moved(5 * MARGIN);

        assert_eq!(schedule.begin(), Some(6 * MARGIN));
    }

    #[test]
    fn a_slow_look_that_moved_much_is_none() {
        let schedule = Schedule::default();
        schedule.moved(7 * MARGIN);

        for _ in 0..SLOW_LOOKS {
            schedule.looked(1000, Duration::from_millis(60));
        }

        assert_eq!(schedule.begin(), None);
    }

    #[test]
    fn one_quick_look_ends_it() {
        let schedule = slow_schedule();
        schedule.moved(7 * MARGIN);

        schedule.looked(0, Duration::from_millis(1));

        assert_eq!(schedule.begin(), None);
    }

    #[test]
    fn a_look_from_the_start_comes_again_after_a_while() {
        let schedule = Schedule::default();
        schedule.moved(7 * MARGIN);
        for _ in 0..SLOW_LOOKS {
            schedule.lock().looks.took(Duration::ZERO, Duration::ZERO);
        }

        assert_eq!(schedule.begin(), None);
        assert_eq!(schedule.begin_after_look(), Some(6 * MARGIN));
    }

    fn slow_schedule() -> Schedule {
        let schedule = Schedule::default();
        for _ in 0..SLOW_LOOKS {
            schedule.looked(0, SLOW);
        }
        schedule
    }
}
