//! What pages share.

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

/// A button that copies `text`; it appears when the script has run.
pub(crate) fn copy_button(text: &str, what: &str) -> Markup {
    html! {
        button.copy.quiet type="button" hidden data-copy=(text) aria-label={ "Copy " (what) }
            title={ "Copy " (what) } { (icon::COPY) }
    }
}
