//! Cron around every change of the clocks, against a table of what the clocks of a zone show minute
//! by minute.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::Schedule;

/// With changes at midnight, of half an hour, of two hours, twice for a month of fasting, and of a
/// whole day.
const ZONES: [&str; 10] = [
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Pacific/Apia",
];

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// What is looked at before and after a change: what was left out lies up to a day after it.
const BEFORE: SignedDuration = SignedDuration::from_hours(4);
const AFTER: SignedDuration = SignedDuration::from_hours(26);

/// Of the first hours the table does not know whether they are the first of their name.
const MARGIN: SignedDuration = SignedDuration::from_hours(3);

/// An expression, and the same as sets.
#[derive(Debug, Clone)]
struct Pattern {
    text: String,
    minutes: BTreeSet<i8>,
    hours: BTreeSet<i8>,
    /// From Sunday, which is 0.
    days: BTreeSet<i8>,
    names_times: bool,
}

impl Pattern {
    fn of(minute: &str, hour: &str, day: &str) -> Self {
        Self {
            text: format!("{minute} {hour} * * {day}"),
            minutes: values(minute, 59),
            hours: values(hour, 23),
            days: values(day, 6),
            names_times: !minute.contains('*') && !hour.contains('*'),
        }
    }

    fn matches(&self, clock: DateTime) -> bool {
        self.minutes.contains(&clock.minute())
            && self.hours.contains(&clock.hour())
            && self.days.contains(&clock.weekday().to_sunday_zero_offset())
    }

    /// When it comes, by the clocks alone.
    fn occurrences(&self, clocks: &[(Timestamp, DateTime)]) -> BTreeSet<Timestamp> {
        if !self.names_times {
            let shown = clocks.iter().filter(|(_, clock)| self.matches(*clock));
            return shown.map(|(time, _)| *time).collect();
        }

        let (first, last) = (clocks[0].1, clocks[clocks.len() - 1].1);
        let named = first
            .date()
            .series(1.day())
            .take_while(|day| *day <= last.date());
        named
            .flat_map(|day| self.hours.iter().map(move |hour| day.at(*hour, 0, 0, 0)))
            .flat_map(|hour| {
                self.minutes
                    .iter()
                    .map(move |minute| with_minute(hour, *minute))
            })
            .filter(|clock| (first..=last).contains(clock) && self.matches(*clock))
            .map(|clock| first_time(clocks, clock))
            .collect()
    }
}

fn with_minute(hour: DateTime, minute: i8) -> DateTime {
    hour.date().at(hour.hour(), minute, 0, 0)
}

/// When the clocks show this for the first time, or, if they leave it out, go past it.
fn first_time(clocks: &[(Timestamp, DateTime)], clock: DateTime) -> Timestamp {
    let shown = clocks.iter().find(|(_, shown)| *shown == clock);
    let passed = || clocks.iter().find(|(_, shown)| *shown > clock);
    shown.or_else(passed).expect("the clocks go on").0
}

fn values(field: &str, max: i8) -> BTreeSet<i8> {
    field
        .split(',')
        .flat_map(|item| item_values(item, max))
        .collect()
}

fn item_values(item: &str, max: i8) -> Vec<i8> {
    let number = |text: &str| text.parse().expect("it is a number");
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, number(step)),
        None => (item, 1),
    };
    let (from, to) = match range.split_once('-') {
        Some((from, to)) => (number(from), number(to)),
        None if range == "*" => (0, max),
        None => (number(range), number(range)),
    };
    (from..=to)
        .step_by(usize::try_from(step).unwrap())
        .collect()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("tzdata is installed")
}

fn changes(zone: &TimeZone) -> Vec<Timestamp> {
    let year = |text: &str| -> Timestamp { text.parse().unwrap() };
    zone.following(year("2011-01-01T00:00:00Z"))
        .map(|change| change.timestamp())
        .take_while(|change| *change < year("2029-01-01T00:00:00Z"))
        .filter(|change| {
            !(year("2012-01-01T00:00:00Z")..year("2017-01-01T00:00:00Z")).contains(change)
        })
        .collect()
}

fn clocks_around(change: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, DateTime)> {
    let start = change - BEFORE;
    (0..(BEFORE + AFTER).as_mins())
        .map(|minute| start + MINUTE * i32::try_from(minute).unwrap())
        .map(|time| (time, zone.to_datetime(time)))
        .collect()
}

fn check(pattern: &Pattern, name: &str, clocks: &[(Timestamp, DateTime)]) {
    let (start, end) = (clocks[0].0 + MARGIN, clocks[clocks.len() - 1].0);
    let schedule = Schedule::cron(&pattern.text)
        .unwrap()
        .in_time_zone(name)
        .unwrap();

    let found: Vec<Timestamp> = schedule
        .upcoming(start)
        .take_while(|at| *at <= end)
        .collect();

    let expected = pattern.occurrences(clocks);
    let expected: Vec<Timestamp> = expected.into_iter().filter(|at| *at > start).collect();
    assert_eq!(
        found, expected,
        "`{}` in {name} around {start}",
        pattern.text
    );
}

#[test]
fn every_change_of_the_clocks_is_got_over() {
    let patterns = [
        Pattern::of("30", "2", "*"),
        Pattern::of("0", "0", "*"),
        Pattern::of("15", "1,3", "*"),
        Pattern::of("0,30", "0-3", "*"),
        Pattern::of("30", "2", "0"),
        Pattern::of("0", "*", "*"),
        Pattern::of("*/15", "*", "*"),
        Pattern::of("*/20", "2", "*"),
        Pattern::of("45", "*/2", "1-6"),
    ];

    for name in ZONES {
        let zone = zone(name);
        for change in changes(&zone) {
            let clocks = clocks_around(change, &zone);
            for pattern in &patterns {
                check(pattern, name, &clocks);
            }
        }
    }
}

fn any_pattern() -> impl Strategy<Value = Pattern> {
    let minute = prop_oneof![
        Just("*".to_owned()),
        (1..40_u8).prop_map(|step| format!("*/{step}")),
        (0..60_u8).prop_map(|minute| minute.to_string()),
        (0..30_u8, 30..60_u8).prop_map(|(from, to)| format!("{from}-{to}/7")),
        (0..60_u8, 0..60_u8).prop_map(|(one, other)| format!("{one},{other}")),
    ];
    let hour = prop_oneof![
        Just("*".to_owned()),
        (1..12_u8).prop_map(|step| format!("*/{step}")),
        (0..24_u8).prop_map(|hour| hour.to_string()),
        (0..3_u8, 3..24_u8).prop_map(|(from, to)| format!("{from}-{to}")),
        (0..4_u8, 0..24_u8).prop_map(|(one, other)| format!("{one},{other}")),
    ];
    let day = select(vec!["*", "0", "1-5", "0,6", "3"]);
    (minute, hour, day).prop_map(|(minute, hour, day)| Pattern::of(&minute, &hour, day))
}

proptest! {
    #[test]
    fn any_expression_gets_over_any_change(
        pattern in any_pattern(),
        name in select(&ZONES[..]),
        which in any::<Index>(),
    ) {
        let zone = zone(name);
        let change = *which.get(&changes(&zone));

        check(&pattern, name, &clocks_around(change, &zone));
    }

    #[test]
    fn the_next_occurrence_is_after_and_the_first(
        pattern in any_pattern(),
        name in select(&ZONES[..]),
        second in 1_300_000_000_i64..1_900_000_000,
        earlier in 0_i64..100_000,
    ) {
        let schedule = Schedule::cron(&pattern.text).unwrap().in_time_zone(name).unwrap();
        let time = Timestamp::from_second(second).unwrap();
        let before = Timestamp::from_second(second - earlier).unwrap();

        let next = schedule.next_after(time).unwrap();

        prop_assert!(next > time);
        prop_assert_eq!(schedule.upcoming(before).find(|at| *at > time), Some(next));
    }

    #[test]
    fn no_text_breaks_the_parser(text in "[0-9A-Za-z*/,#@+? -]{0,40}") {
        if let Ok(schedule) = Schedule::parse(&text, "Europe/Berlin") {
            let again = Schedule::parse(&schedule.text(), "Europe/Berlin");
            prop_assert_eq!(again, Ok(schedule));
        }
    }
}
