use application::ports::Clock;
use jiff::{Timestamp, Unit};

/// The clock of this machine, to the microsecond: what both databases keep of a time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.round(Unit::Microsecond).unwrap_or(now)
    }
}
