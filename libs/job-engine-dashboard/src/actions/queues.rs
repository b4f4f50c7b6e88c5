/// What a person can do to what holds jobs back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueAction {
    Pause,
    Resume,
    SetLimit,
    RemoveLimit,
}

impl QueueAction {
    pub(crate) const ALL: [Self; 4] =
        [Self::Pause, Self::Resume, Self::SetLimit, Self::RemoveLimit];

    /// Its name in addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::SetLimit => "limit",
            Self::RemoveLimit => "unlimit",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
    }

    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Pause => "The queue is paused. What runs goes on; nothing more is taken from it.",
            Self::Resume => "The queue goes on.",
            Self::SetLimit => "The limit holds from the next claim on.",
            Self::RemoveLimit => "The limit was removed.",
        }
    }

    pub(crate) fn path(self) -> String {
        format!("/queues/actions/{}", self.name())
    }
}
