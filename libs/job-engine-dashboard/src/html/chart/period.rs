use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use job_engine::storage::{Resolution, Throughput};

/// How far back a chart looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    Hour,
    Day,
    Week,
    Month,
}

impl Period {
    pub(crate) const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Its name in addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.name() == name)
    }

    /// What it is counted in.
    pub(crate) const fn resolution(self) -> Resolution {
        match self {
            Self::Hour | Self::Day => Resolution::Minute,
            Self::Week | Self::Month => Resolution::Hour,
        }
    }

    /// When its first bar begins.
    pub(crate) fn since(self, now: Timestamp) -> Timestamp {
        let bars = i32::try_from(self.bars()).unwrap_or(i32::MAX);
        let length = SignedDuration::try_from(self.bar()).unwrap_or(SignedDuration::ZERO);
        self.start_of(now) - length * (bars - 1)
    }

    const fn bars(self) -> usize {
        match self {
            Self::Hour => 60,
            Self::Day => 96,
            Self::Week => 84,
            Self::Month => 90,
        }
    }

    /// How long one bar is.
    const fn bar(self) -> Duration {
        match self {
            Self::Hour => Duration::from_mins(1),
            Self::Day => Duration::from_mins(15),
            Self::Week => Duration::from_hours(2),
            Self::Month => Duration::from_hours(8),
        }
    }

    fn start_of(self, at: Timestamp) -> Timestamp {
        let length = i64::try_from(self.bar().as_secs()).unwrap_or(i64::MAX);
        let second = at.as_second().div_euclid(length) * length;
        Timestamp::from_second(second).unwrap_or(at)
    }

    pub(super) fn label(self, at: Timestamp) -> String {
        let pattern = match self {
            Self::Hour | Self::Day => "%H:%M",
            Self::Week => "%a %H:%M",
            Self::Month => "%b %-d",
        };
        at.strftime(pattern).to_string()
    }

    /// What counted spans come to, bar by bar, the oldest first.
    pub(super) fn bars_of(self, spans: &[Throughput], now: Timestamp) -> Vec<Throughput> {
        let since = self.since(now);
        let length = i64::try_from(self.bar().as_secs()).unwrap_or(i64::MAX);
        let mut bars: Vec<Throughput> = (0..self.bars())
            .map(|index| {
                let offset = length * i64::try_from(index).unwrap_or_default();
                Throughput {
                    at: since + SignedDuration::from_secs(offset),
                    ..Throughput::default()
                }
            })
            .collect();
        for span in spans {
            let index = (span.at.as_second() - since.as_second()).div_euclid(length);
            let bar = usize::try_from(index)
                .ok()
                .and_then(|index| bars.get_mut(index));
            if let Some(bar) = bar {
                bar.succeeded += span.succeeded;
                bar.failed += span.failed;
                bar.retried += span.retried;
                bar.deleted += span.deleted;
            }
        }
        bars
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-26T12:34:56Z".parse().expect("it is a time")
    }

    fn span(at: &str, succeeded: u64) -> Throughput {
        Throughput {
            at: at.parse().expect("it is a time"),
            succeeded,
            ..Throughput::default()
        }
    }

    #[test]
    fn each_span_is_in_the_bar_of_its_time() {
        let spans = [
            span("2026-11-26T12:29:00Z", 1),
            span("2026-11-26T12:30:00Z", 2),
            span("2026-11-26T12:34:00Z", 3),
            span("2026-11-25T12:00:00Z", 7),
        ];

        let bars = Period::Day.bars_of(&spans, now());

        let last: Vec<u64> = bars[94..].iter().map(|bar| bar.succeeded).collect();
        assert_eq!(last, [1, 5]);
        assert_eq!(bars.iter().map(|bar| bar.succeeded).sum::<u64>(), 6);
        assert_eq!(
            bars[95].at,
            "2026-11-26T12:30:00Z".parse().expect("it is a time")
        );
    }
}
