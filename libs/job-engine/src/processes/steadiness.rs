use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Compares the storage's clock, which people and networks may set, with this machine's pace.
#[derive(Debug, Default)]
pub(crate) struct Steadiness {
    last: Option<Look>,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    time: Timestamp,
    /// The storage has read its clock between the two.
    asked: Instant,
    answered: Instant,
}

impl Steadiness {
    /// By how much the clock was set since the last time; `None` if by no more than is `allowed`.
    /// `asked` is when the storage was asked for this time, which has come just now.
    pub(crate) fn set_by(
        &mut self,
        time: Timestamp,
        asked: Instant,
        allowed: Duration,
    ) -> Option<SignedDuration> {
        let now = Look {
            time,
            asked,
            answered: Instant::now(),
        };
        let set_by = self.last.replace(now)?.differs_from(now);
        (set_by.unsigned_abs() > allowed).then_some(set_by)
    }
}

impl Look {
    /// How far the clock has gone beyond the time that has passed, or stayed behind it.
    fn differs_from(self, later: Self) -> SignedDuration {
        let passed = later.time.duration_since(self.time);
        let least = signed(later.asked.saturating_duration_since(self.answered));
        let most = signed(later.answered.saturating_duration_since(self.asked));
        if passed > most {
            return passed - most;
        }
        (passed - least).min(SignedDuration::ZERO)
    }
}

fn signed(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_goes_with_the_time_is_steady() {
        let mut clock = Steadiness::default();

        assert_eq!(look(&mut clock, 100, 0).await, None);
        assert_eq!(look(&mut clock, 110, 10).await, None);
        assert_eq!(look(&mut clock, 121, 10).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_is_seen_once() {
        let mut clock = Steadiness::default();
        look(&mut clock, 100, 0).await;

        let ahead = look(&mut clock, 3710, 10).await;
        let steady = look(&mut clock, 3720, 10).await;
        let back = look(&mut clock, 130, 10).await;

        assert_eq!(ahead, Some(SignedDuration::from_secs(3600)));
        assert_eq!(steady, None);
        assert_eq!(back, Some(SignedDuration::from_secs(-3600)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_may_tell_any_time_since_it_was_asked_for() {
        let mut clock = Steadiness::default();
        look(&mut clock, 100, 0).await;

        let asked = Instant::now();
        tokio::time::advance(Duration::from_secs(20)).await;
        let early = clock.set_by(second(100), asked, ALLOWED);

        assert_eq!(early, None);
    }

    async fn look(clock: &mut Steadiness, time: i64, later: u64) -> Option<SignedDuration> {
        tokio::time::advance(Duration::from_secs(later)).await;
        clock.set_by(second(time), Instant::now(), ALLOWED)
    }

    fn second(number: i64) -> Timestamp {
        Timestamp::from_second(number).unwrap()
    }
}
