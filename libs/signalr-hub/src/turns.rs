//! One worker at a time, who makes another round if it was called meanwhile.

use std::sync::atomic::{AtomicU8, Ordering};

const IDLE: u8 = 0;
const WORKING: u8 = 1;
const CALLED_AGAIN: u8 = 2;

#[derive(Debug, Default)]
pub(crate) struct Turns(AtomicU8);

impl Turns {
    /// True: the caller has to do the work, until [`end`](Self::end) says true. False: whoever is at it
    /// will make another round.
    pub(crate) fn begin(&self) -> bool {
        let next = |state| Some(if state == IDLE { WORKING } else { CALLED_AGAIN });
        let before = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        before == Ok(IDLE)
    }

    /// After a round: whether it was the last one.
    pub(crate) fn end(&self) -> bool {
        let next = |state| Some(if state == CALLED_AGAIN { WORKING } else { IDLE });
        let before = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        before == Ok(WORKING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_calls_during_a_round_gets_another() {
        let turns = Turns::default();

        assert!(turns.begin());
        assert!(!turns.begin());
        assert!(!turns.begin());

        assert!(!turns.end());
        assert!(turns.end());
        assert!(turns.begin());
    }
}
