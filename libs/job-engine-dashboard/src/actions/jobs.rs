use job_engine::State;
use job_engine::storage::Command;

use crate::access::Permission;

/// What a person can do to jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Requeue,
    TriggerNow,
    Delete,
}

impl Action {
    pub(crate) const ALL: [Self; 3] = [Self::TriggerNow, Self::Requeue, Self::Delete];

    /// Its name in addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Requeue => "requeue",
            Self::TriggerNow => "trigger",
            Self::Delete => "delete",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
    }

    /// The words on its button.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Requeue => "Requeue",
            Self::TriggerNow => "Trigger now",
            Self::Delete => "Delete",
        }
    }

    /// The words on the button for many jobs, before their number.
    pub(crate) const fn verb(self) -> &'static str {
        match self {
            Self::Requeue => "Requeue",
            Self::TriggerNow => "Trigger",
            Self::Delete => "Delete",
        }
    }

    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Requeue => "requeued",
            Self::TriggerNow => "triggered",
            Self::Delete => "deleted",
        }
    }

    /// What it does, for the button's tooltip.
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Self::Requeue => "Puts it back into its queue; attempts start again from one",
            Self::TriggerNow => "Runs it as soon as a worker is free instead of at its time",
            Self::Delete => {
                "Takes it out; stops it if it runs. It can be requeued until it expires"
            }
        }
    }

    /// Whether pages offer it for a job in this state. The storage decides what may be done.
    pub(crate) const fn offered_in(self, state: State) -> bool {
        match self {
            Self::Requeue => !matches!(state, State::Enqueued | State::Scheduled),
            Self::TriggerNow => matches!(state, State::Scheduled),
            Self::Delete => !matches!(state, State::Deleted),
        }
    }

    /// The action that gives this command.
    pub(crate) const fn of(command: Command) -> Self {
        match command {
            Command::Requeue => Self::Requeue,
            Command::TriggerNow => Self::TriggerNow,
            Command::Delete => Self::Delete,
        }
    }

    pub(crate) const fn permission(self) -> Permission {
        match self {
            Self::Requeue => Permission::Requeue,
            Self::TriggerNow => Permission::TriggerNow,
            Self::Delete => Permission::Delete,
        }
    }

    pub(crate) const fn command(self) -> Command {
        match self {
            Self::Requeue => Command::Requeue,
            Self::TriggerNow => Command::TriggerNow,
            Self::Delete => Command::Delete,
        }
    }
}
