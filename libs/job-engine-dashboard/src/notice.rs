use crate::actions::{QueueAction, RecurringAction, ServerAction};
use crate::flash::Flash;

/// What an action came to, told once on the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    Jobs(Flash),
    Recurring(RecurringAction),
    Queue(QueueAction),
    Server(ServerAction),
}

impl Notice {
    pub(crate) const fn all_done(&self) -> bool {
        match self {
            Self::Jobs(flash) => flash.all_done(),
            Self::Recurring(_) | Self::Queue(_) | Self::Server(_) => true,
        }
    }

    pub(crate) fn words(&self) -> String {
        match self {
            Self::Jobs(flash) => flash.words(),
            Self::Recurring(action) => action.done().to_owned(),
            Self::Queue(action) => action.done().to_owned(),
            Self::Server(action) => action.done().to_owned(),
        }
    }

    /// Names and numbers of ours alone, so nobody can put words on our pages with a cookie.
    pub(crate) fn to_cookie(self) -> String {
        match self {
            Self::Jobs(flash) => flash.to_cookie(),
            Self::Recurring(action) => format!("recurring.{}", action.name()),
            Self::Queue(action) => format!("queue.{}", action.name()),
            Self::Server(action) => format!("server.{}", action.name()),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once('.') {
            Some(("recurring", action)) => RecurringAction::parse(action).map(Self::Recurring),
            Some(("queue", action)) => QueueAction::parse(action).map(Self::Queue),
            Some(("server", action)) => ServerAction::parse(action).map(Self::Server),
            _ => Flash::parse(text).map(Self::Jobs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_reads_back_from_its_cookie() {
        let recurring = RecurringAction::ALL.map(Notice::Recurring);
        let queue = QueueAction::ALL.map(Notice::Queue);
        let server = ServerAction::ALL.map(Notice::Server);
        for notice in recurring.into_iter().chain(queue).chain(server) {
            assert_eq!(Notice::parse(&notice.to_cookie()), Some(notice));
        }
    }

    #[test]
    fn a_foreign_cookie_says_nothing() {
        for text in ["", "recurring.", "recurring.<b>", "queue.", "run"] {
            assert_eq!(Notice::parse(text), None, "{text}");
        }
    }
}
