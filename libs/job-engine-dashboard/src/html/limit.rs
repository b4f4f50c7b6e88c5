//! How forms write limits.

use std::time::Duration;

/// The periods that the form offers, with their words.
pub(crate) const PERIODS: [(&str, Duration); 4] = [
    ("second", Duration::from_secs(1)),
    ("minute", Duration::from_mins(1)),
    ("hour", Duration::from_hours(1)),
    ("day", Duration::from_hours(24)),
];

/// How the form writes a period: its word, or its milliseconds when code has set it.
pub(crate) fn period_field(period: Duration) -> String {
    match name_of(period) {
        Some(name) => name.to_owned(),
        None => period.as_millis().to_string(),
    }
}

pub(crate) fn parse_period(text: &str) -> Option<Duration> {
    let offered = PERIODS.into_iter().find(|(name, _)| *name == text);
    match offered {
        Some((_, period)) => Some(period),
        None => text.parse().ok().map(Duration::from_millis),
    }
}

pub(crate) fn name_of(period: Duration) -> Option<&'static str> {
    let offered = PERIODS.into_iter().find(|(_, offered)| *offered == period);
    offered.map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_reads_back_from_its_form() {
        for period in [Duration::from_mins(1), Duration::from_millis(1500)] {
            assert_eq!(parse_period(&period_field(period)), Some(period));
        }
        assert_eq!(parse_period("fortnight"), None);
    }
}
