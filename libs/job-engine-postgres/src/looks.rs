//! Whether looking from the start has become slow.
//!
//! While some transaction stays open, vacuum removes nothing, and what is long done stays in the
//! index before what waits.

use std::time::{Duration, Instant};

/// So many slow looks in a row are no accident.
pub(crate) const SLOW_LOOKS: u32 = 3;

/// The last looks from the start of an index.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// When the last one ended, and how long it took.
    last: Option<(Instant, Duration)>,
    slow: u32,
}

impl Looks {
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
        self.slow >= SLOW_LOOKS
    }

    /// Whether so many times as long as the last one took have passed since.
    pub(crate) fn rested(&self, per_look: u32) -> bool {
        self.last
            .is_none_or(|(ended, took)| ended.elapsed() >= took * per_look)
    }
}
