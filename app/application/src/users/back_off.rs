use std::time::Duration;

use jiff::Timestamp;

use crate::ports::SignInTrouble;

/// Mistakes that cost nothing.
const FREE: u32 = 5;
/// A longer pause would let anyone keep someone else out.
const LONGEST: Duration = Duration::from_mins(1);
/// After this long without a mistake the count starts again.
pub const FORGOTTEN_AFTER: Duration = Duration::from_mins(15);

/// How long signing in with this address must pause, if it must.
pub fn pause(trouble: SignInTrouble, now: Timestamp) -> Option<Duration> {
    let since = now.duration_since(trouble.last_at).unsigned_abs();
    if trouble.failures < FREE || since >= FORGOTTEN_AFTER {
        return None;
    }

    let exponent = (trouble.failures - FREE).min(10);
    let length = Duration::from_secs(1 << exponent).min(LONGEST);
    length.checked_sub(since).filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause_after(failures: u32, seconds_ago: i64) -> Option<u64> {
        let last_at = Timestamp::UNIX_EPOCH;
        let now = Timestamp::from_second(seconds_ago).expect("in range");
        pause(SignInTrouble { failures, last_at }, now).map(|pause| pause.as_secs())
    }

    #[test]
    fn the_first_mistakes_cost_nothing() {
        assert_eq!(pause_after(4, 0), None);
    }

    #[test]
    fn the_pause_doubles_up_to_a_minute() {
        assert_eq!(pause_after(5, 0), Some(1));
        assert_eq!(pause_after(8, 0), Some(8));
        assert_eq!(pause_after(4_000, 0), Some(60));
    }

    #[test]
    fn a_pause_ends() {
        assert_eq!(pause_after(8, 8), None);
        assert_eq!(pause_after(4_000, 900), None);
    }
}
