use std::time::Duration;

use crate::state::State;

/// How long jobs are kept after their end, by how they ended. Those that failed are kept until
/// somebody requeues or deletes them. By default 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Retention {
    /// Those that are done.
    pub succeeded: Duration,
    /// Those that were taken out.
    pub deleted: Duration,
}

impl Retention {
    /// The same however they ended.
    pub const fn of(time: Duration) -> Self {
        Self {
            succeeded: time,
            deleted: time,
        }
    }

    /// How long a job is kept in this state; `None` is for ever.
    pub const fn in_state(self, state: State) -> Option<Duration> {
        match state {
            State::Succeeded => Some(self.succeeded),
            State::Deleted => Some(self.deleted),
            _ => None,
        }
    }

    /// The longer of the two: that of a batch, which has jobs of both.
    pub fn longest(self) -> Duration {
        self.succeeded.max(self.deleted)
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self::of(Duration::from_hours(24))
    }
}
