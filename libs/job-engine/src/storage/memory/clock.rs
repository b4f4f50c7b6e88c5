use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Goes on from the time at which it was started, at tokio's pace but for what is skipped.
#[derive(Debug)]
pub(super) struct Clock {
    started_at: Timestamp,
    started: Instant,
    skipped: Mutex<Duration>,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            started_at: Timestamp::now(),
            started: Instant::now(),
            skipped: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        let skipped = *self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        later(self.started_at, self.started.elapsed() + skipped)
    }

    #[cfg(feature = "testing")]
    pub(super) fn skip(&self, time: Duration) {
        *self.skipped.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

pub(super) fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

pub(super) fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}
