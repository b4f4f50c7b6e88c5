use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

/// `3 min ago` or `in 3 min`, with the exact time on hover. The script keeps it true.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> Markup {
    html! {
        time datetime=(at) title=(absolute(at)) data-relative { (relative_words(at, now)) }
    }
}

/// `3 min`, for a wait that goes on.
pub(crate) fn since(at: Timestamp, now: Timestamp) -> Markup {
    html! {
        time datetime=(at) title={ "Since " (absolute(at)) } data-since {
            (words(between(at, now)))
        }
    }
}

/// The exact time; the script shows it in the viewer's time zone.
pub(crate) fn exact(at: Timestamp) -> Markup {
    html! { time datetime=(at) data-exact { (absolute(at)) } }
}

/// The time of day in UTC, with the date on hover.
pub(crate) fn clock(at: Timestamp) -> Markup {
    html! {
        time.clock datetime=(at) title=(absolute(at)) { (at.strftime("%H:%M:%S%.3f")) }
    }
}

pub(crate) fn absolute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How long from `earlier` to `later`; zero when clocks disagree about their order.
pub(crate) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

pub(crate) fn relative_words(at: Timestamp, now: Timestamp) -> String {
    let ahead = between(now, at);
    if ahead >= Duration::from_secs(1) {
        return format!("in {}", words(ahead));
    }

    match between(at, now) {
        age if age < Duration::from_secs(1) => "just now".to_owned(),
        age => format!("{} ago", words(age)),
    }
}

/// `12 ms`, `4.2 s`, `3 min`, `2 h 5 min`, `3 d 4 h`: two units at most.
pub(crate) fn words(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 => format!("{} ms", length.as_millis()),
        1..10 => tenths(length),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => pair(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

fn tenths(length: Duration) -> String {
    match length.subsec_millis() / 100 {
        0 => format!("{} s", length.as_secs()),
        tenth => format!("{}.{tenth} s", length.as_secs()),
    }
}

fn pair(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn lengths_are_told_in_two_units_at_most() {
        for (milliseconds, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_000, "1 s"),
            (4_250, "4.2 s"),
            (59_999, "59 s"),
            (185_000, "3 min"),
            (7_500_000, "2 h 5 min"),
            (7_200_000, "2 h"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(words(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn times_are_told_from_now() {
        let now = Timestamp::UNIX_EPOCH;
        for (seconds, text) in [(-180, "3 min ago"), (0, "just now"), (180, "in 3 min")] {
            let at = now + SignedDuration::from_secs(seconds);
            assert_eq!(relative_words(at, now), text);
        }
    }
}
