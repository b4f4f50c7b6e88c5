use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::cron::Cron;
use super::interval::Interval;

/// When a recurring job runs: a cron expression in a time zone, or a fixed interval.
///
/// ```
/// use job_engine::recurring::Schedule;
///
/// let nightly = Schedule::cron("30 2 * * *")?.in_time_zone("Europe/Berlin")?;
/// let after = "2026-03-28T12:00:00Z".parse()?;
/// let next: Vec<String> = nightly.upcoming(after).take(3).map(|time| time.to_string()).collect();
///
/// // On 29 March 2026 there is no 02:30 in Berlin; the job runs when the clocks have moved on.
/// assert_eq!(next, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]);
/// assert_eq!(nightly.in_words(), "At 02:30");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    rhythm: Rhythm,
    zone: TimeZone,
    zone_name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rhythm {
    Cron(Box<Cron>),
    Every(Interval),
}

/// The text is no schedule; says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Too few or too many fields.
    #[error(
        "a cron expression has five fields (minute, hour, day of month, month, day of week), or six with the second in front; `{expression}` has {count}"
    )]
    FieldCount {
        /// What was given.
        expression: String,
        /// How many fields it has.
        count: usize,
    },
    /// One field cannot be read.
    #[error("`{value}` is no {field}: {expected}")]
    Field {
        /// Which field it is, in words: `hour`.
        field: &'static str,
        /// What stands there.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// Each field is right, and yet there is no such day, as with 30 February.
    #[error("`{0}` never comes: no month has such a day")]
    Never(String),
    /// The text is longer than [`Schedule::MAX_BYTES`].
    #[error("a schedule has at most 200 bytes, this one has {0}")]
    TooLong(usize),
    /// The interval cannot be read, is shorter than a second, or longer than a year.
    #[error(
        "`{0}` is no interval: it takes whole seconds, from 1 s to 366 days, for example `@every 15m`"
    )]
    Interval(String),
    /// No such time zone, or the machine does not know any.
    #[error(
        "the time zone `{0}` is not known on this machine; IANA names such as `Europe/Berlin` are, where tzdata is installed"
    )]
    TimeZone(String),
}

impl Schedule {
    /// The longest text of a schedule.
    pub const MAX_BYTES: usize = 200;

    /// The zone that a schedule has unless it is given another one.
    pub const DEFAULT_TIME_ZONE: &'static str = "UTC";

    /// A cron expression: five fields (minute, hour, day of month, month, day of week), or six with
    /// the second in front, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. In UTC, until
    /// [`in_time_zone`](Self::in_time_zone) says otherwise.
    ///
    /// Fields take `*`, lists, ranges and steps, names of months and days of the week, and for days
    /// `L` (last), `W` (nearest weekday) and `#` (as in `MON#1`, the first Monday). When both the
    /// day of the month and the day of the week are given, either is enough.
    pub fn cron(expression: &str) -> Result<Self, ScheduleError> {
        check_length(expression)?;
        Ok(Self::of(Rhythm::Cron(Box::new(Cron::parse(expression)?))))
    }

    /// Every so often, from one second to 366 days, in whole seconds.
    ///
    /// Intervals are counted from the Unix epoch and not from the start of anything, so that every
    /// server and every restart agree: each 15 minutes are `:00`, `:15`, `:30` and `:45`.
    pub fn every(interval: Duration) -> Result<Self, ScheduleError> {
        Ok(Self::of(Rhythm::Every(Interval::of(interval)?)))
    }

    /// Reads what [`text`](Self::text) writes: a cron expression, or `@every 15m`.
    pub fn parse(text: &str, time_zone: &str) -> Result<Self, ScheduleError> {
        check_length(text)?;
        let schedule = match Interval::parse(text) {
            Some(interval) => Self::of(Rhythm::Every(interval?)),
            None => Self::cron(text)?,
        };
        schedule.in_time_zone(time_zone)
    }

    /// Takes its times of day from the clocks of this zone, an IANA name. An interval does not
    /// care.
    pub fn in_time_zone(mut self, name: &str) -> Result<Self, ScheduleError> {
        let name = name.trim();
        let zone = TimeZone::get(name);
        self.zone = zone.map_err(|_| ScheduleError::TimeZone(name.to_owned()))?;
        name.clone_into(&mut self.zone_name);
        Ok(self)
    }

    /// The first occurrence after `time`; `None` when there is none in this era.
    pub fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        match &self.rhythm {
            Rhythm::Cron(cron) => cron.next_after(time, &self.zone),
            Rhythm::Every(interval) => interval.next_after(time),
        }
    }

    /// Every occurrence after `time`, the next one first.
    pub fn upcoming(&self, time: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        std::iter::successors(self.next_after(time), |last| self.next_after(*last))
    }

    /// The text that [`parse`](Self::parse) reads, without the zone.
    pub fn text(&self) -> String {
        match &self.rhythm {
            Rhythm::Cron(cron) => cron.text().to_owned(),
            Rhythm::Every(interval) => interval.to_string(),
        }
    }

    /// The zone's IANA name.
    pub fn time_zone(&self) -> &str {
        &self.zone_name
    }

    /// The schedule in English, for example `At 02:30, on Monday`.
    pub fn in_words(&self) -> String {
        match &self.rhythm {
            Rhythm::Cron(cron) => cron.in_words(),
            Rhythm::Every(interval) => interval.in_words(),
        }
    }

    fn of(rhythm: Rhythm) -> Self {
        Self {
            rhythm,
            zone: TimeZone::UTC,
            zone_name: Self::DEFAULT_TIME_ZONE.to_owned(),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text(), self.zone_name)
    }
}

fn check_length(text: &str) -> Result<(), ScheduleError> {
    if text.len() > Schedule::MAX_BYTES {
        return Err(ScheduleError::TooLong(text.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(expression: &str) -> Schedule {
        let schedule = Schedule::cron(expression).unwrap();
        schedule.in_time_zone("Europe/Berlin").unwrap()
    }

    fn upcoming(schedule: &Schedule, after: &str, count: usize) -> Vec<String> {
        let times = schedule.upcoming(after.parse().unwrap()).take(count);
        times.map(|time| time.to_string()).collect()
    }

    fn error(expression: &str) -> String {
        let error = Schedule::parse(expression, "UTC");
        error.expect_err("it is no schedule").to_string()
    }

    #[test]
    fn a_time_in_the_gap_runs_when_the_clocks_have_moved_on() {
        let half_past_two = upcoming(&berlin("30 2 * * *"), "2026-03-28T20:00:00Z", 2);
        assert_eq!(
            half_past_two,
            ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        );
    }

    #[test]
    fn several_times_in_the_gap_run_once() {
        let around_two = upcoming(&berlin("0,30 2,3 * * *"), "2026-03-28T20:00:00Z", 3);
        let expected = [
            "2026-03-29T01:00:00Z",
            "2026-03-29T01:30:00Z",
            "2026-03-30T00:00:00Z",
        ];
        assert_eq!(around_two, expected);
    }

    #[test]
    fn a_time_in_the_overlap_runs_the_first_time() {
        let half_past_two = upcoming(&berlin("30 2 * * *"), "2026-10-24T20:00:00Z", 2);
        assert_eq!(
            half_past_two,
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
    }

    #[test]
    fn what_runs_every_hour_runs_every_hour_of_the_overlap() {
        let hourly = upcoming(&berlin("0 * * * *"), "2026-10-24T23:30:00Z", 3);
        assert_eq!(
            hourly,
            [
                "2026-10-25T00:00:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T02:00:00Z"
            ]
        );
    }

    #[test]
    fn six_fields_begin_with_the_second() {
        let twice_a_minute = upcoming(&berlin("*/30 * * * * *"), "2026-11-26T12:00:00.5Z", 2);
        assert_eq!(
            twice_a_minute,
            ["2026-11-26T12:00:30Z", "2026-11-26T12:01:00Z"]
        );
    }

    #[test]
    fn days_of_the_month_and_of_the_week_add_up() {
        let schedule = Schedule::cron("0 0 13 * FRI").unwrap();

        let days = upcoming(&schedule, "2026-11-01T00:00:00Z", 3);

        assert_eq!(
            days,
            [
                "2026-11-06T00:00:00Z",
                "2026-11-13T00:00:00Z",
                "2026-11-20T00:00:00Z"
            ]
        );
    }

    #[test]
    fn the_rarest_day_is_found() {
        let schedule = Schedule::cron("*/5 * 29 2 +MON").unwrap();

        assert_eq!(
            upcoming(&schedule, "2024-03-01T00:00:00Z", 1),
            ["2044-02-29T00:00:00Z"]
        );
    }

    #[test]
    fn an_error_names_the_field() {
        assert!(error("61 * * * *").starts_with("`61` is no minute"));
        assert!(error("* 24 * * *").starts_with("`24` is no hour"));
        assert!(error("* * 0 * *").starts_with("`0` is no day of the month"));
        assert!(error("* * * 13 *").starts_with("`13` is no month"));
        assert!(error("* * * * MOO").starts_with("`MOO` is no day of the week"));
        assert!(error("x * * * * *").starts_with("`x` is no second"));
        assert!(error("1,,2 * * * *").starts_with("`1,,2` is no minute"));
        assert!(error("*/0 * * * *").starts_with("`*/0` is no minute"));
    }

    #[test]
    fn an_error_counts_the_fields() {
        assert!(error("").ends_with("`` has 0"));
        assert!(error("* * * *").ends_with("has 4"));
        assert!(error("* * * * * * *").ends_with("has 7"));
        assert!(error(&"1,".repeat(200)).contains("at most 200 bytes"));
    }

    #[test]
    fn a_day_that_never_comes_is_refused() {
        let expected = "`0 0 30 2 *` never comes: no month has such a day";
        assert_eq!(error("0 0 30 2 *"), expected);
    }

    #[test]
    fn an_unknown_time_zone_is_refused() {
        let error = Schedule::parse("0 0 * * *", "Mars/Base").unwrap_err();
        assert_eq!(error, ScheduleError::TimeZone("Mars/Base".to_owned()));
    }

    #[test]
    fn a_schedule_is_said_in_words() {
        assert_eq!(
            Schedule::cron("30 2 * * MON-FRI").unwrap().in_words(),
            "At 02:30, on Monday, Tuesday, Wednesday, Thursday, and Friday"
        );
        assert_eq!(
            Schedule::cron("@hourly").unwrap().in_words(),
            "At minute 0 past every hour"
        );
        assert_eq!(
            Schedule::parse("@every 90m", "UTC").unwrap().in_words(),
            "Every 1 hour 30 minutes"
        );
    }
}
