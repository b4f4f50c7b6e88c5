use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use job_engine::storage::TimeRange;

use super::Misunderstanding;

/// `2h` and `<2h`: in the last two hours; `>2h`: before that; `2026-11-26`: on that day;
/// `>=2026-11-26`, `<2026-11-26T12:30`, `2026-11-20..2026-11-26`. Days are UTC's.
pub(super) fn range(text: &str, now: Timestamp) -> Result<TimeRange, Misunderstanding> {
    by_age(text, now).or_else(|| by_date(text)).ok_or_else(|| {
        Misunderstanding(format!(
            "“{text}” is no time. Write an age, like <2h or >3d (s, min, h, d, w), or a day, like \
             2026-11-26, >=2026-11-26 or 2026-11-20..2026-11-26."
        ))
    })
}

fn by_age(text: &str, now: Timestamp) -> Option<TimeRange> {
    let is_older = text.starts_with('>');
    let age = age(text.trim_start_matches(['<', '>', '=']))?;
    let then = now.checked_sub(SignedDuration::try_from(age).ok()?).ok()?;
    Some(if is_older { until(then) } else { from(then) })
}

fn age(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

fn by_date(text: &str) -> Option<TimeRange> {
    if let Some((first, last)) = text.split_once("..") {
        return Some(TimeRange {
            from: Some(span(first)?.0),
            until: Some(span(last)?.1),
        });
    }
    if let Some(text) = text.strip_prefix(">=") {
        return Some(from(span(text)?.0));
    }
    if let Some(text) = text.strip_prefix("<=") {
        return Some(until(span(text)?.1));
    }
    if let Some(text) = text.strip_prefix('>') {
        return Some(from(span(text)?.1));
    }
    if let Some(text) = text.strip_prefix('<') {
        return Some(until(span(text)?.0));
    }
    let (start, end) = span(text)?;
    Some(TimeRange {
        from: Some(start),
        until: Some(end),
    })
}

/// The day, or the moment and the one after it.
fn span(text: &str) -> Option<(Timestamp, Timestamp)> {
    if let Ok(day) = text.parse::<Date>()
        && !text.contains('T')
    {
        let next = day.tomorrow().ok()?;
        return Some((utc(day.into())?, utc(next.into())?));
    }
    let moment = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| utc(text.parse::<DateTime>().ok()?))?;
    Some((moment, moment.checked_add(1.microsecond()).ok()?))
}

fn utc(time: DateTime) -> Option<Timestamp> {
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

fn from(at: Timestamp) -> TimeRange {
    TimeRange {
        from: Some(at),
        until: None,
    }
}

fn until(at: Timestamp) -> TimeRange {
    TimeRange {
        from: None,
        until: Some(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("it is a time")
    }

    #[test]
    fn ages_count_back_from_now_and_days_are_whole() {
        let now = time("2026-11-26T12:00:00Z");
        for (text, start, end) in [
            ("<2h", Some("2026-11-26T10:00:00Z"), None),
            ("30min", Some("2026-11-26T11:30:00Z"), None),
            (">1d", None, Some("2026-11-25T12:00:00Z")),
            (
                "2026-11-20",
                Some("2026-11-20T00:00:00Z"),
                Some("2026-11-21T00:00:00Z"),
            ),
            (">=2026-11-20", Some("2026-11-20T00:00:00Z"), None),
            ("<2026-11-20T08:30", None, Some("2026-11-20T08:30:00Z")),
            (
                "2026-11-01..2026-11-03",
                Some("2026-11-01T00:00:00Z"),
                Some("2026-11-04T00:00:00Z"),
            ),
        ] {
            let expected = TimeRange {
                from: start.map(time),
                until: end.map(time),
            };
            assert_eq!(range(text, now), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_explained() {
        for text in ["soon", "2x", "99999999999999999999d", "2026-13-01", ".."] {
            assert!(range(text, time("2026-11-26T12:00:00Z")).is_err(), "{text}");
        }
    }
}
