use std::time::Duration;

use crate::storage::StorageError;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// How long to wait before asking a storage again that is away: 100 ms, then twice as long each
/// time up to 5 s, spread so that servers do not all come back in the same moment.
#[derive(Debug, Default)]
pub(crate) struct BackOff {
    failures: u32,
}

impl BackOff {
    pub(crate) fn next_delay(&mut self) -> Duration {
        let doubled = FIRST.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        doubled.min(LONGEST).mul_f64(rand::random_range(0.5..=1.0))
    }

    /// Whether there was an outage, which is now over.
    pub(crate) fn end(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }

    /// Says it aloud once per outage.
    pub(crate) fn log(&self, process: &'static str, error: &StorageError) {
        if self.failures == 0 {
            tracing::warn!(process, %error, "the job storage is away; trying on");
        } else {
            tracing::debug!(process, %error, failures = self.failures, "the job storage is away");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_limit_and_start_again_after_an_outage() {
        let mut back_off = BackOff::default();

        let first = back_off.next_delay();
        for _ in 0..100 {
            assert!(back_off.next_delay() <= LONGEST);
        }
        let last = back_off.next_delay();

        assert!((FIRST / 2..=FIRST).contains(&first), "{first:?}");
        assert!(last >= LONGEST / 2, "{last:?}");
        assert!(back_off.end());
        assert!(!back_off.end());
        assert!(back_off.next_delay() <= FIRST);
    }
}
