//! What pages share.

pub(crate) mod batch;
pub(crate) mod chart;
pub(crate) mod error_report;
pub(crate) mod icon;
pub(crate) mod job_actions;
pub(crate) mod json;
pub(crate) mod layout;
pub(crate) mod limit;
pub(crate) mod linked;
pub(crate) mod navigation;
pub(crate) mod state;
pub(crate) mod table;
pub(crate) mod time;

pub(crate) use job_engine::words::number;
use maud::{Markup, html};

use self::icon::Icon;

/// `1 job`, `12,408 jobs`.
pub(crate) fn jobs(n: u64) -> String {
    match n {
        1 => "1 job".to_owned(),
        n => format!("{} jobs", number(n)),
    }
}

/// The tail of an id: enough to tell jobs of one list apart. The head is the time of making.
pub(crate) fn short_id(id: &str) -> &str {
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}

/// A name and its value, in a list of such pairs.
pub(crate) fn pair(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// What stands on a button of a row: the words, and a sign for where there is no room for them. The
/// button itself has a name and a tooltip.
pub(crate) fn sign_or_words(sign: Icon, words: &str) -> Markup {
    html! { (sign) span.words { (words) } }
}

/// A button that copies `text`; it appears when the script has run.
pub(crate) fn copy_button(text: &str, what: &str) -> Markup {
    html! {
        button.copy.quiet type="button" hidden data-copy=(text) aria-label={ "Copy " (what) }
            title={ "Copy " (what) } { (icon::COPY) }
    }
}
