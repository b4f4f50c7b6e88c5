use std::time::Duration;

use crate::job::ErrorReport;

/// How often a failing job is tried, how long it waits in between, and what becomes of it then.
///
/// The default is Hangfire's: ten retries after the first attempt, with delays that grow with the
/// fourth power of the attempt's number.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// Retries after the first attempt. Default 10; 0 gives up at the first failure.
    pub retries: u32,
    /// How long to wait before each of them. Default: Hangfire's formula.
    pub delays: Delays,
    /// Makes each delay longer by a random part of itself, up to this share: with 0.1 an hour
    /// becomes at most 66 minutes. Default 0; Hangfire's formula has chance of its own.
    pub jitter: f64,
    /// No delay is longer. Default: [`Duration::MAX`], no limit.
    pub max_delay: Duration,
    /// Which errors are worth another attempt; others give the job up at once. Default: all.
    pub retried: Retried,
    /// What becomes of a job whose last attempt failed. Default: it rests as `Failed`.
    pub when_exceeded: WhenExceeded,
}

/// How long to wait before a retry.
#[derive(Debug, Clone)]
pub enum Delays {
    /// `(retry - 1)^4 + 15 + random(0..=29) * retry` seconds: from half a minute for the first retry
    /// to two hours for the tenth.
    Hangfire,
    /// Before the first, second, ... retry; the last one repeats. An empty list waits for nothing.
    List(Vec<Duration>),
    /// Whatever this says for the retry of this number, from 1.
    Function(fn(u32) -> Duration),
}

/// Which errors are worth another attempt, by [`ErrorReport::kind`]: the error's type, `error` for
/// [`JobError::retry`](crate::JobError::retry), `panic` or `timeout`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retried {
    /// Every error.
    All,
    /// Errors of these kinds.
    Only(Vec<String>),
    /// Errors of other kinds than these.
    Except(Vec<String>),
}

/// What becomes of a job when no attempt is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenExceeded {
    /// It rests as `Failed`, in the dead letter queue.
    Fail,
    /// It becomes `Deleted` and expires: for work that nobody misses when it never succeeds.
    Delete,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries: 10,
            delays: Delays::Hangfire,
            jitter: 0.0,
            max_delay: Duration::MAX,
            retried: Retried::All,
            when_exceeded: WhenExceeded::Fail,
        }
    }
}

impl RetryPolicy {
    /// Gives up at the first failure.
    pub fn never() -> Self {
        Self {
            retries: 0,
            ..Self::default()
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

        let delay = self.delays.before(retry, chance);
        let longer = delay.as_secs_f64() * (1.0 + self.jitter.max(0.0) * chance);
        let spread = Duration::try_from_secs_f64(longer).unwrap_or(Duration::MAX);
        // A float is not exact, so a delay without jitter is left as it is.
        let spread = if self.jitter > 0.0 { spread } else { delay };
        Some(spread.min(self.max_delay))
    }

    /// Whether another attempt may help against this error.
    pub fn retries_after(&self, error: &ErrorReport) -> bool {
        match &self.retried {
            Retried::All => true,
            Retried::Only(kinds) => kinds.contains(&error.kind),
            Retried::Except(kinds) => !kinds.contains(&error.kind),
        }
    }
}

impl Retried {
    /// Only errors of this type, as `?` makes them.
    pub fn only<E>() -> Self {
        Self::Only(vec![std::any::type_name::<E>().to_owned()])
    }

    /// Errors of every other type.
    pub fn except<E>() -> Self {
        Self::Except(vec![std::any::type_name::<E>().to_owned()])
    }
}

impl Delays {
    fn before(&self, retry: u32, chance: f64) -> Duration {
        match self {
            Self::Hangfire => back_off(retry, chance),
            Self::List(delays) => {
                let index = usize::try_from(retry).unwrap_or(usize::MAX) - 1;
                let delay = delays.get(index).or(delays.last());
                delay.copied().unwrap_or_default()
            }
            Self::Function(delay) => delay(retry),
        }
    }
}

impl From<Vec<Duration>> for Delays {
    /// The list; an empty one means Hangfire's formula, as settings without delays do.
    fn from(delays: Vec<Duration>) -> Self {
        if delays.is_empty() {
            return Self::Hangfire;
        }
        Self::List(delays)
    }
}

fn back_off(retry: u32, chance: f64) -> Duration {
    let retry = f64::from(retry);
    let spread = (chance * 30.0).floor().min(29.0);
    Duration::try_from_secs_f64((retry - 1.0).powi(4) + 15.0 + spread * retry)
        .unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_seconds(policy: &RetryPolicy, retry: u32, chance: f64) -> Option<u64> {
        let delay = policy.delay_before(retry, chance)?;
        Some(delay.as_secs())
    }

    fn seconds(delays: &[u64]) -> Delays {
        Delays::List(delays.iter().copied().map(Duration::from_secs).collect())
    }

    #[test]
    fn the_default_delays_are_those_of_hangfire() {
        let policy = RetryPolicy::default();

        assert_eq!(after_seconds(&policy, 1, 0.0), Some(15));
        assert_eq!(after_seconds(&policy, 1, 0.999), Some(44));
        assert_eq!(after_seconds(&policy, 2, 0.0), Some(16));
        assert_eq!(after_seconds(&policy, 10, 0.0), Some(6576));
        assert_eq!(after_seconds(&policy, 11, 0.0), None);
    }

    #[test]
    fn the_last_given_delay_repeats() {
        let policy = RetryPolicy {
            retries: 3,
            delays: seconds(&[1, 2]),
            ..RetryPolicy::default()
        };

        assert_eq!(after_seconds(&policy, 1, 0.5), Some(1));
        assert_eq!(after_seconds(&policy, 3, 0.5), Some(2));
        assert_eq!(after_seconds(&policy, 4, 0.5), None);
    }

    #[test]
    fn a_function_says_how_long_to_wait() {
        let policy = RetryPolicy {
            delays: Delays::Function(|retry| Duration::from_secs(2).saturating_mul(retry)),
            ..RetryPolicy::default()
        };

        assert_eq!(after_seconds(&policy, 1, 0.5), Some(2));
        assert_eq!(after_seconds(&policy, 7, 0.5), Some(14));
    }

    #[test]
    fn jitter_makes_delays_longer_up_to_its_share() {
        let policy = RetryPolicy {
            delays: seconds(&[1000]),
            jitter: 0.5,
            ..RetryPolicy::default()
        };

        assert_eq!(after_seconds(&policy, 1, 0.0), Some(1000));
        assert_eq!(after_seconds(&policy, 1, 0.5), Some(1250));
        assert!(policy.delay_before(1, 0.999) < Some(Duration::from_mins(25)));
    }

    #[test]
    fn no_delay_is_longer_than_the_longest() {
        let policy = RetryPolicy {
            retries: u32::MAX,
            max_delay: Duration::from_hours(1),
            ..RetryPolicy::default()
        };

        assert_eq!(after_seconds(&policy, 5, 0.0), Some(271));
        assert_eq!(after_seconds(&policy, 10, 0.0), Some(3600));
        assert_eq!(after_seconds(&policy, u32::MAX, 0.9), Some(3600));
    }

    #[test]
    fn errors_are_told_apart_by_their_type() {
        let is_retried = |retried: Retried, kind: &str| {
            let error = ErrorReport {
                kind: kind.to_owned(),
                message: String::new(),
                details: String::new(),
            };
            let policy = RetryPolicy {
                retried,
                ..RetryPolicy::default()
            };
            policy.retries_after(&error)
        };

        assert!(is_retried(Retried::All, "std::fmt::Error"));
        assert!(is_retried(
            Retried::only::<std::fmt::Error>(),
            "core::fmt::Error"
        ));
        assert!(!is_retried(Retried::only::<std::fmt::Error>(), "panic"));
        assert!(!is_retried(
            Retried::except::<std::fmt::Error>(),
            "core::fmt::Error"
        ));
        assert!(is_retried(Retried::except::<std::fmt::Error>(), "timeout"));
    }
}
