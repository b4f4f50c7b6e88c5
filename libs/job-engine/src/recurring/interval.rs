use std::fmt;
use std::time::Duration;

use jiff::fmt::friendly::{Designator, Spacing, SpanPrinter};
use jiff::{SignedDuration, Timestamp};

use super::schedule::ScheduleError;

/// What stands before an interval in a schedule's text.
const EVERY: &str = "@every ";

const LONGEST: i64 = 366 * 24 * 60 * 60;

/// Whole seconds, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    seconds: i64,
}

impl Interval {
    pub(super) fn of(interval: Duration) -> Result<Self, ScheduleError> {
        let wrong = || ScheduleError::Interval(format!("{interval:?}"));
        let seconds = i64::try_from(interval.as_secs()).map_err(|_| wrong())?;
        if interval.subsec_nanos() != 0 || !(1..=LONGEST).contains(&seconds) {
            return Err(wrong());
        }
        Ok(Self { seconds })
    }

    /// Reads `@every 15m`; `None` when the text is something else.
    pub(super) fn parse(text: &str) -> Option<Result<Self, ScheduleError>> {
        let interval = text.trim().strip_prefix(EVERY)?;
        let wrong = || ScheduleError::Interval(interval.trim().to_owned());
        let parsed = interval
            .parse::<SignedDuration>()
            .ok()
            .and_then(|interval| Duration::try_from(interval).ok())
            .and_then(|interval| Self::of(interval).ok());
        Some(parsed.ok_or_else(wrong))
    }

    pub(super) fn next_after(self, time: Timestamp) -> Option<Timestamp> {
        let past = time.as_second().div_euclid(self.seconds);
        Timestamp::from_second((past + 1) * self.seconds).ok()
    }

    pub(super) fn in_words(self) -> String {
        let words = SpanPrinter::new()
            .designator(Designator::Verbose)
            .spacing(Spacing::BetweenUnitsAndDesignators)
            .duration_to_string(&self.duration());
        match words.strip_prefix("1 ") {
            Some(unit) if !unit.contains(' ') => format!("Every {unit}"),
            _ => format!("Every {words}"),
        }
    }

    const fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.seconds)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{EVERY}{:#}", self.duration())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(text: &str) -> Interval {
        let parsed = Interval::parse(text).expect("it begins with `@every`");
        parsed.expect("it is an interval")
    }

    #[test]
    fn intervals_are_counted_from_the_epoch() {
        let time = "2026-03-28T12:07:00.5Z".parse().unwrap();

        let next = interval("@every 15m").next_after(time).unwrap();
        let one_later = interval("@every 15m").next_after(next).unwrap();

        assert_eq!(next.to_string(), "2026-03-28T12:15:00Z");
        assert_eq!(one_later.to_string(), "2026-03-28T12:30:00Z");
    }

    #[test]
    fn an_interval_reads_back_what_it_writes() {
        for text in ["@every 1s", "@every 15m", "@every 36h", "@every 1h 30m"] {
            assert_eq!(interval(text).to_string(), text);
        }
    }

    #[test]
    fn an_interval_is_said_in_words() {
        assert_eq!(interval("@every 1h").in_words(), "Every hour");
        assert_eq!(interval("@every 15m").in_words(), "Every 15 minutes");
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in [
            "@every 0s",
            "@every 500ms",
            "@every -1h",
            "@every 9000h",
            "@every soon",
        ] {
            assert!(Interval::parse(text).unwrap().is_err(), "{text}");
        }
        assert_eq!(Interval::parse("*/5 * * * *"), None);
    }
}
