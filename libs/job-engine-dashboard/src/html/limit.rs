//! How forms write limits.

use std::time::Duration;

use job_engine::storage::{Limit, Rate, SeenLimit};

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

/// How a form says which limit its page showed.
pub(crate) fn seen_field(seen: Option<Limit>) -> String {
    let Some(seen) = seen else {
        return String::new();
    };
    let at_once = seen.at_once.unwrap_or_default();
    let rate = seen.rate.map(|rate| (rate.jobs, rate.period.as_millis()));
    let (jobs, period) = rate.unwrap_or_default();
    format!("{at_once}~{jobs}~{period}")
}

/// A limit allows one job at least, so 0 stands for a part that it has not.
pub(crate) fn parse_seen(text: &str) -> Option<SeenLimit> {
    if text.is_empty() {
        return Some(SeenLimit::Unlimited);
    }
    let mut parts = text.split('~');
    let mut next = || parts.next()?.parse::<u64>().ok();
    let (at_once, jobs, period) = (next()?, next()?, next()?);
    let given = |jobs| u32::try_from(jobs).ok().filter(|jobs| *jobs > 0);
    let limit = Limit {
        at_once: given(at_once),
        rate: given(jobs).map(|jobs| Rate {
            jobs,
            period: Duration::from_millis(period),
        }),
    };
    Some(SeenLimit::Limited(limit))
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

    #[test]
    fn the_limit_that_was_seen_reads_back_from_its_form() {
        let minute = Duration::from_mins(1);
        for seen in [
            None,
            Some(Limit::at_once(3)),
            Some(Limit::per(minute, 100)),
            Some(Limit::at_once(3).and_per(minute, 100)),
        ] {
            assert_eq!(parse_seen(&seen_field(seen)), Some(seen.into()));
        }
        for odd in ["3", "3~x~1", "many at once"] {
            assert_eq!(parse_seen(odd), None, "{odd}");
        }
    }
}
