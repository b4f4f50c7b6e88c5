//! Whether looking from the start has become slow.
//!
//! While some transaction stays open, vacuum removes nothing, and what is long done stays in the
//! index before what waits.

use std::time::{Duration, Instant};

/// So many slow looks in a row are no accident.
pub(crate) const SLOW_LOOKS: u32 = 3;

/// Until then the next look comes after so many times as long as the last one took, so that an
/// accident is soon forgotten.
const DOUBT_PER_LOOK: u32 = 8;

/// And after no more than this: it may have been a connection that led nowhere for a while.
const LONGEST_DOUBT: Duration = Duration::from_secs(1);

/// Whatever looks take, what lies before the known places waits no longer for one.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// The last looks from the start of an index.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// When the last one ended, and how long it took.
    last: Option<(Instant, Duration)>,
    slow: u32,
}

/// The last of them, as it is told to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) ago: Duration,
    pub(crate) took: Duration,
    /// How many in a row were slow.
    pub(crate) slow: u32,
}

impl Looks {
    /// Those of another process.
    pub(crate) fn resume(look: Look) -> Self {
        let ended = Instant::now().checked_sub(look.ago);
        Self {
            last: ended.map(|ended| (ended, look.took)),
            slow: look.slow,
        }
    }

    /// One of them took so long.
    pub(crate) fn took(&mut self, took: Duration, expected: Duration) {
        self.last = Some((Instant::now(), took));
        self.slow = if took < expected {
            0
        } else {
            self.slow.saturating_add(1)
        };
    }

    pub(crate) fn are_slow(&self) -> bool {
        self.slow > 0
    }

    /// Whether so many times as long as the last one took have passed since, or enough.
    pub(crate) fn rested(&self, per_look: u32) -> bool {
        let (per_look, enough) = if self.slow < SLOW_LOOKS {
            (per_look.min(DOUBT_PER_LOOK), LONGEST_DOUBT)
        } else {
            (per_look, LONGEST_REST)
        };
        self.last
            .is_none_or(|(ended, took)| ended.elapsed() >= (took * per_look).min(enough))
    }

    /// The last one, while they are slow.
    pub(crate) fn last_slow(&self) -> Option<Look> {
        let (ended, took) = self.last.filter(|_| self.are_slow())?;
        Some(Look {
            ago: ended.elapsed(),
            took,
            slow: self.slow,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(1);

    #[test]
    fn a_single_slow_look_is_looked_into_sooner_than_the_third_one() {
        let mut looks = Looks::resume(slow(1, 10 * LONG));
        assert!(looks.rested(20));

        looks = Looks::resume(slow(3, 10 * LONG));

        assert!(!looks.rested(20));
        assert!(looks.rested(4));
    }

    #[test]
    fn a_look_that_was_held_up_keeps_nobody_from_the_next_one_for_long() {
        for (slow, ago) in [(1, LONGEST_DOUBT), (3, LONGEST_REST)] {
            let took = Duration::from_mins(10);
            assert!(Looks::resume(Look { ago, took, slow }).rested(20));
        }
    }

    #[test]
    fn looks_are_resumed_where_another_process_ended() {
        let looks = Looks::resume(slow(3, LONG));

        let last = looks.last_slow().expect("they are slow");

        assert_eq!((last.took, last.slow), (LONG, 3));
        assert!(last.ago >= LONG && last.ago < 2 * LONG);
    }

    #[test]
    fn quick_looks_are_nothing_to_tell() {
        let mut looks = Looks::resume(slow(3, LONG));

        looks.took(Duration::ZERO, LONG);

        assert_eq!(looks.last_slow(), None);
    }

    fn slow(slow: u32, ago: Duration) -> Look {
        let took = LONG;
        Look { ago, took, slow }
    }
}
