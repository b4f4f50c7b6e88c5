use job_engine::job::ErrorReport;
use maud::{Markup, html};

use super::copy_button;

/// An attempt's error: what it says, of which type it is, and all there is to know about it.
pub(crate) fn whole(error: &ErrorReport, open: bool) -> Markup {
    let has_more = error.details.trim() != error.message.trim() && !error.details.is_empty();
    html! {
        div.error {
            p.error-message { (error.message) }
            p.error-kind { "of type " code { (error.kind) } (copy_button(&as_text(error), "error")) }
            @if has_more {
                details open[open] data-key="details" {
                    summary { "Details" }
                    pre tabindex="0" aria-label="Details of the error" { (error.details) }
                }
            }
        }
    }
}

/// The first line, for lists.
pub(crate) fn first_line(error: &ErrorReport) -> &str {
    error.message.lines().next().unwrap_or(&error.kind)
}

fn as_text(error: &ErrorReport) -> String {
    format!("{}: {}\n{}", error.kind, error.message, error.details)
}
