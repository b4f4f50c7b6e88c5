//! How a batch stands.

use job_engine::storage::BatchProgress;
use maud::{Markup, html};

use super::{number, state};

pub(crate) fn standing(batch: &BatchProgress) -> Markup {
    state::badge(batch.state())
}

/// How many of its jobs have ended.
pub(crate) fn meter(batch: &BatchProgress) -> Markup {
    let ended = batch.jobs - batch.pending();
    html! {
        span.busy {
            meter min="0" max=(batch.jobs.max(1)) value=(ended) aria-label="Jobs ended" {}
            span { (number(ended)) " of " (number(batch.jobs)) }
        }
    }
}
