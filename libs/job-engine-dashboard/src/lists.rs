use job_engine::State;
use job_engine::storage::{Counts, JobQuery};

use crate::actions::Action;
use crate::html::icon::{self, Icon};
use crate::html::state;

/// The lists of jobs, at Hangfire's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    All,
    In(State),
    Retries,
}

impl List {
    /// In the order of the navigation.
    pub(crate) const ALL: [Self; 9] = [
        Self::In(State::Enqueued),
        Self::In(State::Scheduled),
        Self::Retries,
        Self::In(State::Awaiting),
        Self::In(State::Processing),
        Self::In(State::Succeeded),
        Self::In(State::Failed),
        Self::In(State::Deleted),
        Self::All,
    ];

    /// The list of a word in an address, for example `failed`.
    pub(crate) fn of_state(word: &str) -> Option<Self> {
        State::ALL
            .into_iter()
            .find(|state| state.name().to_ascii_lowercase() == word)
            .map(Self::In)
    }

    /// The address below the mount.
    pub(crate) fn path(self) -> String {
        match self {
            Self::All => "/jobs".to_owned(),
            Self::Retries => "/retries".to_owned(),
            Self::In(state) => format!("/jobs/{}", state.name().to_ascii_lowercase()),
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::All => "All jobs",
            Self::Retries => "Retries",
            Self::In(state) => state.name(),
        }
    }

    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::All => "Every job that is known, whatever its state, newest change first.",
            Self::Retries => "Jobs that failed and wait for their next attempt.",
            Self::In(State::Enqueued) => "Jobs that wait in a queue for a free worker.",
            Self::In(State::Scheduled) => {
                "Jobs that wait for their time: delayed, or between two attempts."
            }
            Self::In(State::Awaiting) => "Jobs that run once others have ended.",
            Self::In(State::Processing) => "Jobs that a worker is running now.",
            Self::In(State::Succeeded) => {
                "Jobs that are done. They are removed when their retention has passed."
            }
            Self::In(State::Failed) => {
                "The dead letter queue: jobs that were given up. They rest here and never expire, \
                 until someone requeues or deletes them."
            }
            Self::In(State::Deleted) => {
                "Jobs that were taken out. They can be requeued until their retention has passed."
            }
        }
    }

    /// What an empty list says.
    pub(crate) const fn when_empty(self) -> &'static str {
        match self {
            Self::All => "No job has been enqueued yet.",
            Self::Retries => "No job waits for another attempt.",
            Self::In(State::Enqueued) => "No job waits for a worker.",
            Self::In(State::Scheduled) => "No job waits for its time.",
            Self::In(State::Awaiting) => "No job waits for another one.",
            Self::In(State::Processing) => "No job is running at the moment.",
            Self::In(State::Succeeded) => "No job has succeeded lately.",
            Self::In(State::Failed) => "Nothing was given up. The dead letter queue is empty.",
            Self::In(State::Deleted) => "No job was deleted lately.",
        }
    }

    /// What is offered for its jobs. The storage decides what may be done.
    pub(crate) const fn actions(self) -> &'static [Action] {
        match self {
            Self::In(State::Enqueued) => &[Action::Delete],
            Self::In(State::Scheduled) | Self::Retries => &[Action::TriggerNow, Action::Delete],
            Self::In(State::Succeeded | State::Deleted) => &[Action::Requeue],
            Self::In(State::Awaiting | State::Processing | State::Failed) | Self::All => {
                &[Action::Requeue, Action::Delete]
            }
        }
    }

    pub(crate) const fn icon(self) -> Icon {
        match self {
            Self::All => icon::ALL,
            Self::Retries => icon::RETRY,
            Self::In(state) => state::icon_of(state),
        }
    }

    /// The tone of its number when there is something in it.
    pub(crate) const fn tone(self) -> &'static str {
        match self {
            Self::All => "neutral",
            Self::Retries => "warning",
            Self::In(state) => state::tone(state),
        }
    }

    /// Its counter's name, as the event stream says it.
    pub(crate) fn counter(self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Retries => Some("retries".to_owned()),
            Self::In(state) => Some(state.name().to_ascii_lowercase()),
        }
    }

    pub(crate) const fn count(self, counts: &Counts) -> u64 {
        match self {
            Self::All => {
                counts.enqueued
                    + counts.scheduled
                    + counts.awaiting
                    + counts.processing
                    + counts.succeeded
                    + counts.failed
                    + counts.deleted
            }
            Self::Retries => counts.retries,
            Self::In(State::Enqueued) => counts.enqueued,
            Self::In(State::Scheduled) => counts.scheduled,
            Self::In(State::Awaiting) => counts.awaiting,
            Self::In(State::Processing) => counts.processing,
            Self::In(State::Succeeded) => counts.succeeded,
            Self::In(State::Failed) => counts.failed,
            Self::In(State::Deleted) => counts.deleted,
        }
    }

    pub(crate) fn query(self) -> JobQuery {
        match self {
            Self::All => JobQuery::default(),
            Self::Retries => JobQuery {
                retries_only: true,
                ..JobQuery::default()
            },
            Self::In(state) => JobQuery {
                state: Some(state),
                ..JobQuery::default()
            },
        }
    }
}
