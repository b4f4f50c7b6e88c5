use std::time::Duration;

use jiff::Timestamp;

/// How finely the past is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Kept for two days.
    Minute,
    /// Kept for two months.
    Hour,
    /// Kept for two years.
    Day,
}

/// What happened to jobs in one minute, hour or day of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Throughput {
    /// When the span began.
    pub at: Timestamp,
    /// Done.
    pub succeeded: u64,
    /// Given up.
    pub failed: u64,
    /// Failed, and another attempt followed.
    pub retried: u64,
    /// Taken out.
    pub deleted: u64,
}

impl Resolution {
    /// Every resolution, the finest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// The name that storages keep.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// How long one span is.
    pub const fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    /// For how long its spans are kept.
    pub const fn kept_for(self) -> Duration {
        match self {
            Self::Minute => Duration::from_hours(2 * 24),
            Self::Hour => Duration::from_hours(62 * 24),
            Self::Day => Duration::from_hours(2 * 366 * 24),
        }
    }

    /// When the span began in which this moment lies.
    pub fn start(self, at: Timestamp) -> Timestamp {
        let length = i64::try_from(self.length().as_secs()).unwrap_or(i64::MAX);
        let second = at.as_second().div_euclid(length) * length;
        Timestamp::from_second(second).unwrap_or(at)
    }
}
