use job_engine::storage::ServerOrder;

/// What a person can do to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerAction {
    Quiet,
    WorkAgain,
    Stop,
}

impl ServerAction {
    pub(crate) const ALL: [Self; 3] = [Self::Quiet, Self::WorkAgain, Self::Stop];

    /// Its name in addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::WorkAgain => "work",
            Self::Stop => "stop",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
    }

    /// The words on its button.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Quiet => "Quiet",
            Self::WorkAgain => "Work again",
            Self::Stop => "Stop",
        }
    }

    /// What it does, for the button's tooltip.
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Self::Quiet => "Takes no more jobs; what runs goes on",
            Self::WorkAgain => "Takes jobs again",
            Self::Stop => {
                "Lets running jobs end, hands back what does not end in time, and is gone"
            }
        }
    }

    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Quiet => "The server takes no more jobs, from its next heartbeat on.",
            Self::WorkAgain => "The server takes jobs again, from its next heartbeat on.",
            Self::Stop => "The server stops. It is gone when its jobs have ended.",
        }
    }

    pub(crate) fn path(self) -> String {
        format!("/servers/actions/{}", self.name())
    }

    /// Whether pages offer it for a server that was told this.
    pub(crate) fn offered_after(self, order: Option<ServerOrder>) -> bool {
        match order {
            None => self != Self::WorkAgain,
            Some(ServerOrder::Quiet) => self != Self::Quiet,
            Some(ServerOrder::Stop) => false,
        }
    }

    pub(crate) const fn order(self) -> Option<ServerOrder> {
        match self {
            Self::Quiet => Some(ServerOrder::Quiet),
            Self::WorkAgain => None,
            Self::Stop => Some(ServerOrder::Stop),
        }
    }
}
