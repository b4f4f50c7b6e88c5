use crate::filters::encode;
/// What a person can do to recurring jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecurringAction {
    RunNow,
    Pause,
    Resume,
    Reschedule,
    Remove,
}

impl RecurringAction {
    pub(crate) const ALL: [Self; 5] = [
        Self::RunNow,
        Self::Pause,
        Self::Resume,
        Self::Reschedule,
        Self::Remove,
    ];

    /// Its name in addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RunNow => "run",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Reschedule => "reschedule",
            Self::Remove => "remove",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
    }

    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::RunNow => "A run was enqueued. The schedule goes on as before.",
            Self::Pause => "The recurring job is paused.",
            Self::Resume => "The recurring job goes on with its next occurrence.",
            Self::Reschedule => "The recurring job has its new schedule.",
            Self::Remove => "The recurring job was removed.",
        }
    }

    pub(crate) fn path(self, id: &str) -> String {
        format!("/recurring/{}/{}", self.name(), encode(id))
    }
}
