//! Times, lengths and numbers as people say them.

use std::time::Duration;

use jiff::Timestamp;

/// `12,408`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }

    grouped
}

/// How long from `earlier` to `later`; zero when clocks disagree about their order.
pub fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

/// `3 min ago`, `just now` or `in 3 min`.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let ahead = between(now, at);
    if ahead >= Duration::from_secs(1) {
        return format!("in {}", length(ahead));
    }

    match between(at, now) {
        age if age < Duration::from_secs(1) => "just now".to_owned(),
        age => format!("{} ago", length(age)),
    }
}

/// `12 ms`, `4.2 s`, `3 min`, `2 h 5 min`, `3 d 4 h`: two units at most.
pub fn length(length: Duration) -> String {
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
    fn numbers_are_grouped_by_thousands() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(number(n), text);
        }
    }

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
            assert_eq!(length(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn times_are_told_from_now() {
        let now = Timestamp::UNIX_EPOCH;
        for (seconds, text) in [(-180, "3 min ago"), (0, "just now"), (180, "in 3 min")] {
            let at = now + SignedDuration::from_secs(seconds);
            assert_eq!(relative(at, now), text);
        }
    }
}
