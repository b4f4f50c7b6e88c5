use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::state::State;

/// Lets at most one job of a kind hold a key. Who comes second is not stored and is told the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unique {
    /// At most [`MAX_KEY_BYTES`](Self::MAX_KEY_BYTES); other kinds may have the same.
    pub key: String,
    /// The job holds the key while it is in one of these states. Default: until it ends.
    pub states: Vec<State>,
    /// And this long after it was enqueued, whatever becomes of it. Default: no longer.
    pub within: Option<Duration>,
    /// What a duplicate does. Default: it gives way.
    pub duplicate: Duplicates,
}

/// What a job does whose key another one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Duplicates {
    /// It is not stored.
    GiveWay,
    /// It takes the place of one that no server has begun to run, which becomes `Deleted`; it gives
    /// way to one that runs or has ended.
    Replace,
}

/// A job that was not stored, because another one holds its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// The job that was to be stored.
    pub job: crate::JobId,
    /// The job that holds the key.
    pub of: crate::JobId,
}

impl Unique {
    /// The most that a key may take, in bytes.
    pub const MAX_KEY_BYTES: usize = 200;

    /// Holds this key until the job ends.
    pub fn by(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            states: State::ALL
                .into_iter()
                .filter(|state| !state.is_final())
                .collect(),
            within: None,
            duplicate: Duplicates::GiveWay,
        }
    }

    /// Holds the key while the job is in one of these states; none, together with
    /// [`within`](Self::within), means for a time alone.
    pub fn while_in(mut self, states: impl IntoIterator<Item = State>) -> Self {
        self.states = states.into_iter().collect();
        self
    }

    /// Holds the key this long after the job was enqueued, even if it has ended.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    /// Takes the place of a job that no server has begun to run.
    pub fn replacing(mut self) -> Self {
        self.duplicate = Duplicates::Replace;
        self
    }
}
