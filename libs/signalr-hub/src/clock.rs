//! Time as the hub counts it: milliseconds since its start, small enough for an atomic.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// Milliseconds since the hub started.
pub(crate) type Millis = u64;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(crate) fn now(self) -> Millis {
        millis(self.start.elapsed())
    }
}

pub(crate) fn millis(duration: Duration) -> Millis {
    u64::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// A moment that many tasks may set and read; unset until first marked.
#[derive(Debug, Default)]
pub(crate) struct Moment(AtomicU64);

impl Moment {
    /// Zero means "unset", so a mark at the very start counts as one millisecond later.
    pub(crate) fn mark(&self, now: Millis) {
        self.0.store(now.max(1), Ordering::Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Whether it was marked at least `limit` ago. Never true while unset.
    pub(crate) fn is_older_than(&self, limit: Duration, now: Millis) -> bool {
        let marked = self.0.load(Ordering::Relaxed);
        marked != 0 && now.saturating_sub(marked) >= millis(limit)
    }
}
