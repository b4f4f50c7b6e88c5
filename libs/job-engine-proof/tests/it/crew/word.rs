use std::fmt;

use crate::crash_point::CrashPoint;

/// What workers are told while they work.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Word {
    /// The machine's clock is so many seconds from the true time.
    Clock(i64),
    /// The application needs its pool no more.
    Calm,
    /// It is to kill itself at this place.
    Trap(CrashPoint),
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock(ahead) => write!(f, "clock {ahead}"),
            Self::Calm => f.write_str("calm"),
            Self::Trap(point) => write!(f, "trap {}", point.text()),
        }
    }
}

impl Word {
    pub(crate) fn heard(line: &str) -> Self {
        match line.split_once(' ') {
            Some(("clock", ahead)) => Self::Clock(ahead.parse().expect("it is a number")),
            Some(("trap", point)) => {
                Self::Trap(CrashPoint::of_text(point).expect("it is a crash point"))
            }
            _ => Self::Calm,
        }
    }
}
