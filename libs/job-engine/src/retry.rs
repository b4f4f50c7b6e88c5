use std::time::Duration;

/// How often a failing job is tried, and how long it waits in between.
///
/// The default is Hangfire's: ten retries after the first attempt, with delays that grow with the
/// fourth power of the attempt's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Retries after the first attempt. Default 10; 0 gives up at the first failure.
    pub retries: u32,
    /// Delays before the first, second, ... retry; the last one repeats. Empty (the default): the
    /// back-off formula.
    pub delays: Vec<Duration>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries: 10,
            delays: Vec::new(),
        }
    }
}

impl RetryPolicy {
    /// Gives up at the first failure.
    pub fn never() -> Self {
        Self {
            retries: 0,
            delays: Vec::new(),
        }
    }

    /// The delay before retry number `retry` (from 1), or `None` when there is none left.
    ///
    /// `chance` is a random number in `0.0..1.0`; it spreads the retries of jobs that failed
    /// together.
    pub fn delay_before(&self, retry: u32, chance: f64) -> Option<Duration> {
        if retry == 0 || retry > self.retries {
            return None;
        }

        let index = usize::try_from(retry).unwrap_or(usize::MAX) - 1;
        let given = self.delays.get(index).or(self.delays.last()).copied();
        Some(given.unwrap_or_else(|| back_off(retry, chance)))
    }
}

/// Hangfire's formula, in seconds: `(retry - 1)^4 + 15 + random(0..=29) * retry`.
fn back_off(retry: u32, chance: f64) -> Duration {
    let retry = f64::from(retry);
    let spread = (chance * 30.0).floor().min(29.0);
    Duration::from_secs_f64((retry - 1.0).powi(4) + 15.0 + spread * retry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_delays_are_those_of_hangfire() {
        let policy = RetryPolicy::default();

        assert_eq!(policy.delay_before(1, 0.0), Some(Duration::from_secs(15)));
        assert_eq!(policy.delay_before(1, 0.999), Some(Duration::from_secs(44)));
        assert_eq!(policy.delay_before(2, 0.0), Some(Duration::from_secs(16)));
        assert_eq!(
            policy.delay_before(10, 0.0),
            Some(Duration::from_secs(6576))
        );
        assert_eq!(policy.delay_before(11, 0.0), None);
    }

    #[test]
    fn the_last_given_delay_repeats() {
        let policy = RetryPolicy {
            retries: 3,
            delays: vec![Duration::from_secs(1), Duration::from_secs(2)],
        };

        assert_eq!(policy.delay_before(1, 0.5), Some(Duration::from_secs(1)));
        assert_eq!(policy.delay_before(3, 0.5), Some(Duration::from_secs(2)));
        assert_eq!(policy.delay_before(4, 0.5), None);
    }
}
