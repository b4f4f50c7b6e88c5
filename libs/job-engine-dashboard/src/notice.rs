use crate::actions::recurring::RecurringAction;
use crate::flash::Flash;

/// What an action came to, told once on the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    Jobs(Flash),
    Recurring(RecurringAction),
}

impl Notice {
    pub(crate) const fn all_done(&self) -> bool {
        match self {
            Self::Jobs(flash) => flash.all_done(),
            Self::Recurring(_) => true,
        }
    }

    pub(crate) fn words(&self) -> String {
        match self {
            Self::Jobs(flash) => flash.words(),
            Self::Recurring(action) => action.done().to_owned(),
        }
    }

    /// Names and numbers of ours alone, so nobody can put words on our pages with a cookie.
    pub(crate) fn to_cookie(self) -> String {
        match self {
            Self::Jobs(flash) => flash.to_cookie(),
            Self::Recurring(action) => format!("recurring.{}", action.name()),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("recurring.") {
            Some(action) => RecurringAction::parse(action).map(Self::Recurring),
            None => Flash::parse(text).map(Self::Jobs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_reads_back_from_its_cookie() {
        for action in RecurringAction::ALL {
            let notice = Notice::Recurring(action);
            assert_eq!(Notice::parse(&notice.to_cookie()), Some(notice));
        }
    }

    #[test]
    fn a_foreign_cookie_says_nothing() {
        for text in ["", "recurring.", "recurring.<b>", "run"] {
            assert_eq!(Notice::parse(text), None, "{text}");
        }
    }
}
