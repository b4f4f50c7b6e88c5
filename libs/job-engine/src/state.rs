use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a job is in its life. The words are Hangfire's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// Waits for a worker, in its queue.
    Enqueued,
    /// Waits for its time: delayed by who enqueued it, or between two attempts.
    Scheduled,
    /// Waits for other jobs to end.
    Awaiting,
    /// A worker holds it and runs it.
    Processing,
    /// Done. Expires.
    Succeeded,
    /// Given up. The failed jobs are the dead letter queue: they never expire by themselves.
    Failed,
    /// Taken out by a person or by its own wish. Expires.
    Deleted,
}

impl State {
    /// Every state, in the order in which a dashboard shows them.
    pub const ALL: [Self; 7] = [
        Self::Enqueued,
        Self::Scheduled,
        Self::Awaiting,
        Self::Processing,
        Self::Succeeded,
        Self::Failed,
        Self::Deleted,
    ];

    /// Whether nothing happens to the job any more unless a person acts.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Deleted)
    }

    /// Whether jobs in this state are removed once their retention has passed.
    pub const fn expires(self) -> bool {
        matches!(self, Self::Succeeded | Self::Deleted)
    }

    /// Every transition that may happen; storages refuse the others.
    ///
    /// A job may be requeued from any state, so `Enqueued` follows everything.
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Enqueued => true,
            Self::Processing => matches!(self, Self::Enqueued),
            Self::Scheduled => matches!(self, Self::Processing | Self::Awaiting),
            Self::Succeeded | Self::Failed => matches!(self, Self::Processing),
            // Only as the first of all.
            Self::Awaiting => false,
            Self::Deleted => !matches!(self, Self::Deleted),
        }
    }

    /// The name that storages keep and dashboards show, for example `Enqueued`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enqueued => "Enqueued",
            Self::Scheduled => "Scheduled",
            Self::Awaiting => "Awaiting",
            Self::Processing => "Processing",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Deleted => "Deleted",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a [`State`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no state of a job; the states are Enqueued, Scheduled, Awaiting, Processing, Succeeded, Failed and Deleted"
)]
pub struct UnknownState(String);

impl FromStr for State {
    type Err = UnknownState;

    /// Reads a [`State::name`], without regard to case.
    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|state| state.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_its_state() {
        for state in State::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
    }

    #[test]
    fn only_a_worker_that_holds_a_job_can_end_it() {
        for state in State::ALL {
            let holds = state == State::Processing;
            assert_eq!(state.may_become(State::Succeeded), holds);
            assert_eq!(state.may_become(State::Failed), holds);
        }
    }
}
