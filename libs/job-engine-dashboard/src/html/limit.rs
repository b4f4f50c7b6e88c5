//! Limits in words, and the periods that a rate can be given for.

use std::time::Duration;

use job_engine::storage::Limit;

use super::{number, time};

/// The periods that the form offers, with their words.
pub(crate) const PERIODS: [(&str, Duration); 4] = [
    ("second", Duration::from_secs(1)),
    ("minute", Duration::from_mins(1)),
    ("hour", Duration::from_hours(1)),
    ("day", Duration::from_hours(24)),
];

/// `2 at once, 10 a minute`.
pub(crate) fn words(limit: Limit) -> String {
    let at_once = limit
        .at_once
        .map(|jobs| format!("{} at once", number(jobs.into())));
    let rate = limit
        .rate
        .map(|rate| format!("{} {}", number(rate.jobs.into()), each(rate.period)));
    let parts: Vec<String> = [at_once, rate].into_iter().flatten().collect();
    parts.join(", ")
}

/// `a minute`, or `per 90 s` for a period that code has set.
fn each(period: Duration) -> String {
    match name_of(period) {
        Some("hour") => "an hour".to_owned(),
        Some(name) => format!("a {name}"),
        None => format!("per {}", time::words(period)),
    }
}

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
    fn a_limit_is_told_in_words() {
        for (limit, text) in [
            (Limit::at_once(2), "2 at once"),
            (Limit::per(Duration::from_mins(1), 1200), "1,200 a minute"),
            (
                Limit::at_once(1).and_per(Duration::from_hours(1), 5),
                "1 at once, 5 an hour",
            ),
            (Limit::per(Duration::from_millis(1500), 3), "3 per 1.5 s"),
        ] {
            assert_eq!(words(limit), text);
        }
    }

    #[test]
    fn a_period_reads_back_from_its_form() {
        for period in [Duration::from_mins(1), Duration::from_millis(1500)] {
            assert_eq!(parse_period(&period_field(period)), Some(period));
        }
        assert_eq!(parse_period("fortnight"), None);
    }
}
