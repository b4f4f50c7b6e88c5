//! People who act, and what is written down of it.

mod jobs;
mod queues;
mod recurring;
mod servers;

use crate::recurring::RecurringError;
use crate::storage::{Deed, Order, SharedStorage, StorageError};
use crate::words;

pub use jobs::Copy;

/// The longest reason that is kept, in letters.
const LONGEST_REASON: usize = 200;

/// The longest name of a queue or key, in bytes.
const LONGEST_NAME: usize = 100;

/// How many jobs somebody deletes at once without saying how many they expect.
pub const LARGE_DELETION: u64 = 10_000;

/// Somebody who acts on jobs, queues, servers and recurring jobs: what a dashboard, an API and a
/// command line do for people. Whatever is done stands in the audit log, in the transaction that did
/// it; what changes nothing is not written down.
///
/// Code that acts by itself uses the [`Client`](crate::Client).
#[derive(Debug, Clone)]
pub struct Actor {
    storage: SharedStorage,
    name: String,
    /// The name, and from where they act.
    signature: String,
}

/// Nothing was changed, unless the storage's answer was lost. All but the storage's errors are
/// sentences for who has acted.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Unfit(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Things are not as they have to be for this: somebody was quicker.
    #[error("{0}")]
    MovedOn(String),
    /// So many jobs match: more than were expected, or a [`LARGE_DELETION`] of which nobody said how
    /// many they are.
    #[error("{} jobs match, more than were expected.", words::number(*.0))]
    TooMany(u64),
    /// The storage failed. Trying again may help.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Actor {
    /// Somebody of this name, which the audit log shows.
    pub fn new(storage: SharedStorage, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            signature: name.clone(),
            storage,
            name,
        }
    }

    /// Says from where they act, for example `on the dashboard`: histories show it after the name.
    pub fn acting(self, from: &str) -> Self {
        Self {
            signature: format!("{} {from}", self.name),
            ..self
        }
    }

    /// The name that the audit log shows.
    pub fn name(&self) -> &str {
        &self.name
    }

    async fn order(&self, order: &Order, deed: &Deed) -> Result<bool, StorageError> {
        let changed = self.storage.carry_out(order, deed).await?.is_done();
        if changed {
            tracing::info!(actor = %self.name, action = %deed.action, target = %deed.target, "acted");
        }
        Ok(changed)
    }

    fn deed(&self, action: impl Into<String>, target: impl Into<String>) -> Deed {
        Deed {
            actor: self.name.clone(),
            action: action.into(),
            target: target.into(),
            reason: None,
            jobs: 0,
        }
    }
}

impl ActError {
    fn unfit(words: impl Into<String>) -> Self {
        Self::Unfit(words.into())
    }

    fn moved_on(words: impl Into<String>) -> Self {
        Self::MovedOn(words.into())
    }
}

impl From<RecurringError> for ActError {
    fn from(error: RecurringError) -> Self {
        match error {
            RecurringError::Storage(error) => Self::Storage(error),
            error => Self::Unfit(format!("{error}.")),
        }
    }
}

/// A reason without white space around it, which has to say something.
fn needed_reason(reason: &str) -> Result<String, ActError> {
    match given_reason(reason)? {
        Some(reason) => Ok(reason),
        None => Err(ActError::unfit(
            "Say why: who wonders about it later is shown the reason.",
        )),
    }
}

/// A reason that may be empty.
fn given_reason(reason: &str) -> Result<Option<String>, ActError> {
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON {
        return Err(ActError::Unfit(format!(
            "The reason is longer than {LONGEST_REASON} letters."
        )));
    }
    Ok(Some(reason.to_owned()).filter(|reason| !reason.is_empty()))
}

/// A name of a queue or a key, without the white space that a person may have typed around it.
fn name(text: &str) -> Result<String, ActError> {
    let text = text.trim();
    let is_name =
        !text.is_empty() && text.len() <= LONGEST_NAME && !text.contains(char::is_control);
    if is_name {
        return Ok(text.to_owned());
    }
    Err(ActError::unfit(
        "A queue or a key has a name of 1 to 100 letters.",
    ))
}
