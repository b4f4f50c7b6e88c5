//! One page, one file.

pub(crate) mod audit;
pub(crate) mod batches;
pub(crate) mod copy;
pub(crate) mod errors;
pub(crate) mod job;
pub(crate) mod job_list;
pub(crate) mod kinds;
pub(crate) mod operations;
pub(crate) mod overview;
pub(crate) mod queues;
pub(crate) mod recurring;
pub(crate) mod servers;
pub(crate) mod sure;

use maud::{Markup, html};

use crate::addresses;
use crate::visit::Visit;

/// Title, one line of what the page is, and what one can do here.
fn head(title: &str, about: &str, action: &Markup) -> Markup {
    html! {
        header.page-head {
            div { h1 { (title) } p.about { (about) } }
            (action)
        }
    }
}

/// A link to a job, with its kind as the words.
fn job_link(visit: &Visit, id: &str, kind: &str) -> Markup {
    html! { a.kind href=(visit.url(&addresses::job(id))) { (kind) } }
}
