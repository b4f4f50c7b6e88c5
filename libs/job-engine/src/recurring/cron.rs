use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::schedule::ScheduleError;

/// How often the clocks may change before the next occurrence: twice a year, and the rarest day is
/// a 29 February that is a certain day of the week, once in 40 years.
const MOST_CLOCK_CHANGES: usize = 200;

/// The fields of an expression with seconds, and what each may hold.
const FIELDS: [(&str, &str); 6] = [
    ("second", "it takes 0 to 59, `*`, lists, ranges and steps"),
    ("minute", "it takes 0 to 59, `*`, lists, ranges and steps"),
    ("hour", "it takes 0 to 23, `*`, lists, ranges and steps"),
    (
        "day of the month",
        "it takes 1 to 31, `*`, lists, ranges and steps, `L` for the last day, `15W` for the weekday next to the 15th",
    ),
    (
        "month",
        "it takes 1 to 12, JAN to DEC, `*`, lists, ranges and steps",
    ),
    (
        "day of the week",
        "it takes 0 (Sunday) to 7 (Sunday again), SUN to SAT, `*`, lists, ranges and steps, `5#2` for the second Friday, `5L` for the last",
    ),
];

/// A cron expression. Which times of day there are is up to a zone's clocks:
///
/// - An expression that names its times of day runs once for each. A time that a change of the
///   clocks leaves out is made up for at the moment of the change; of a time that comes twice, the
///   first one counts.
/// - An expression with a `*` in the second, the minute or the hour goes on at its pace: hours that
///   are left out have no runs, and an hour that comes twice has twice as many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cron {
    text: String,
    expression: croner::Cron,
    names_times: bool,
}

impl Cron {
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let fields = fields(&text)?;
        let expression = match read(&fields.join(" ")) {
            Some(expression) if !fields.iter().any(|field| has_hole(field)) => expression,
            _ => return Err(wrong_field(&fields, &text)),
        };

        let cron = Self {
            names_times: !fields[..3].iter().any(|field| field.contains('*')),
            expression,
            text,
        };
        if cron
            .next_on_clock(DateTime::constant(2024, 1, 1, 0, 0, 0, 0), true)
            .is_none()
        {
            return Err(ScheduleError::Never(cron.text));
        }
        Ok(cron)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn in_words(&self) -> String {
        let words = self.expression.describe();
        words.trim_end_matches('.').to_owned()
    }

    pub(super) fn next_after(&self, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if self.names_times {
            return self.next_named(time, zone);
        }
        self.next_at_pace(time, zone)
    }

    /// Clock times one after the other, until one of them comes after `time`.
    fn next_named(&self, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut clock = zone.to_datetime(time);
        loop {
            clock = self.next_on_clock(clock, false)?;
            let occurrence = moment(clock, zone)?;
            if occurrence > time {
                return Some(occurrence);
            }
        }
    }

    /// Between two changes of the clocks, clock and time go at the same pace.
    fn next_at_pace(&self, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut from = time;
        let mut inclusive = false;
        for _ in 0..MOST_CLOCK_CHANGES {
            let offset = zone.to_offset(from);
            let clock = self.next_on_clock(offset.to_datetime(from), inclusive)?;
            let occurrence = offset.to_timestamp(clock).ok()?;
            let change = zone.following(from).next();
            match change.map(|change| change.timestamp()) {
                Some(change) if change <= occurrence => from = change,
                _ => return Some(occurrence),
            }
            inclusive = true;
        }
        None
    }

    /// The next time that a clock shows which never changes.
    fn next_on_clock(&self, clock: DateTime, inclusive: bool) -> Option<DateTime> {
        self.expression.find_next_occurrence(&clock, inclusive).ok()
    }
}

/// When the clocks of a zone show this time, or would.
fn moment(clock: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(clock);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { after, .. } => {
            // By the clock of afterwards, the time that is left out lies before the change.
            let before_the_change = after.to_timestamp(clock).ok()?;
            zone.following(before_the_change)
                .next()
                .map(|change| change.timestamp())
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
            ambiguous.earlier().ok()
        }
    }
}

/// The six fields of an expression, the second first.
fn fields(text: &str) -> Result<Vec<&str>, ScheduleError> {
    let fields: Vec<&str> = long_form(text).split(' ').collect();
    match fields.len() {
        5 => Ok([&["0"], &fields[..]].concat()),
        6 => Ok(fields),
        count => Err(ScheduleError::FieldCount {
            expression: text.to_owned(),
            count: if text.is_empty() { 0 } else { count },
        }),
    }
}

fn long_form(text: &str) -> &str {
    match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => other,
    }
}

fn read(six_fields: &str) -> Option<croner::Cron> {
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Disallowed)
        .build();
    parser.parse(six_fields).ok()
}

/// Whether an item of a list is missing, which croner reads over.
fn has_hole(field: &str) -> bool {
    field.split(',').any(str::is_empty)
}

/// The first field that cannot be read by itself.
fn wrong_field(fields: &[&str], text: &str) -> ScheduleError {
    for (place, (value, (field, expected))) in fields.iter().zip(FIELDS).enumerate() {
        let mut alone = ["*"; FIELDS.len()];
        alone[place] = value;
        if has_hole(value) || read(&alone.join(" ")).is_none() {
            return ScheduleError::Field {
                field,
                value: (*value).to_owned(),
                expected,
            };
        }
    }
    ScheduleError::Never(text.to_owned())
}
