//! Who waits for whom, and what a job is a part of.

use job_engine::{BatchId, JobId};
use maud::{Markup, html};

use crate::addresses;
use crate::html::{batch, pair, short_id, state};
use crate::pages::job_link;
use crate::relatives::{Relative, Relatives};
use crate::visit::Visit;

/// How many jobs on each side are shown.
const MOST_SHOWN: usize = 20;

/// How many to ask for: one more says that there are others.
pub(crate) const MOST_ASKED: usize = MOST_SHOWN + 1;

pub(super) fn section(visit: &Visit, relatives: &Relatives) -> Markup {
    let Relatives {
        batch,
        parents,
        children,
    } = relatives;
    if batch.is_none() && parents.is_empty() && children.is_empty() {
        return html! {};
    }

    html! {
        section aria-labelledby="relatives" {
            h2 #relatives { "Relatives" }
            dl.pairs {
                @if let Some(batch) = batch {
                    (pair("Batch", &html! {
                        (batch_link(visit, batch.id)) " " (batch::meter(batch))
                    }))
                }
                @if !parents.is_empty() { (pair("Continues", &list(visit, parents))) }
                @if !children.is_empty() { (pair("Continued by", &list(visit, children))) }
            }
        }
    }
}

pub(crate) fn list(visit: &Visit, relatives: &[Relative]) -> Markup {
    html! {
        ul.relatives {
            @for one in relatives.iter().take(MOST_SHOWN) { li { (line(visit, one)) } }
            @if relatives.len() > MOST_SHOWN { li.muted { "and more" } }
        }
    }
}

fn line(visit: &Visit, relative: &Relative) -> Markup {
    match relative {
        Relative::Job(id, Some(job)) => {
            let id = id.to_string();
            html! {
                (state::badge_of(job)) " " (job_link(visit, &id, &job.kind))
                span.id.mono title=(id) { (short_id(&id)) }
            }
        }
        Relative::Batch(id, Some(batch)) => html! {
            (batch::standing(batch)) " batch " (batch_link(visit, *id))
        },
        Relative::Job(JobId(id), None) | Relative::Batch(BatchId(id), None) => {
            let id = id.to_string();
            html! {
                span.mono title=(id) { (short_id(&id)) } " "
                span.muted { "(not stored any more)" }
            }
        }
    }
}

fn batch_link(visit: &Visit, batch: BatchId) -> Markup {
    let id = batch.to_string();
    html! {
        a.mono href=(visit.url(&addresses::batch(batch))) title=(id) { (short_id(&id)) }
    }
}
