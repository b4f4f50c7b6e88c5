//! Who waits for whom, and what a job is a part of.

use job_engine::storage::{BatchProgress, JobSummary};
use job_engine::{BatchId, JobId, Parent, StorageError};
use maud::{Markup, html};

use crate::Shared;
use crate::html::short_id;
use crate::pages::batches;
use crate::visit::Visit;

/// How many jobs on each side are shown.
const MOST_SHOWN: usize = 20;

pub(super) struct Relatives {
    batch: Option<BatchProgress>,
    parents: Vec<Parent>,
    children: Vec<JobId>,
}

impl Relatives {
    pub(super) async fn of(shared: &Shared, job: &JobSummary) -> Result<Self, StorageError> {
        let storage = &shared.storage;
        Ok(Self {
            batch: match job.batch {
                Some(batch) => storage.batch(batch).await?,
                None => None,
            },
            parents: storage.parents(job.id, MOST_SHOWN + 1).await?,
            children: storage
                .children(Parent::Job(job.id), MOST_SHOWN + 1)
                .await?,
        })
    }

    pub(super) fn section(&self, visit: &Visit) -> Markup {
        if self.batch.is_none() && self.parents.is_empty() && self.children.is_empty() {
            return html! {};
        }

        html! {
            section aria-labelledby="relatives" {
                h2 #relatives { "Relatives" }
                dl.pairs {
                    @if let Some(batch) = &self.batch {
                        (super::pair("Batch", &html! {
                            (batch_link(visit, batch.id)) " " (batches::meter(batch))
                        }))
                    }
                    @if !self.parents.is_empty() {
                        (super::pair("Continues", &list(&self.parents, |parent| match parent {
                            Parent::Job(job) => job_link(visit, *job),
                            Parent::Batch(batch) => html! { "batch " (batch_link(visit, *batch)) },
                        })))
                    }
                    @if !self.children.is_empty() {
                        (super::pair("Continued by", &list(&self.children, |job| job_link(visit, *job))))
                    }
                }
            }
        }
    }
}

/// Links, and whether there are more.
pub(crate) fn list<T>(all: &[T], link: impl Fn(&T) -> Markup) -> Markup {
    html! {
        ul {
            @for one in all.iter().take(MOST_SHOWN) { li { (link(one)) } }
            @if all.len() > MOST_SHOWN { li.muted { "and more" } }
        }
    }
}

fn batch_link(visit: &Visit, batch: BatchId) -> Markup {
    let id = batch.to_string();
    html! {
        a.mono href=(visit.url(&batches::path(batch))) title=(id) { (short_id(&id)) }
    }
}

pub(crate) fn job_link(visit: &Visit, job: JobId) -> Markup {
    let id = job.to_string();
    html! {
        a.mono href=(visit.url(&format!("/jobs/details/{id}"))) title=(id) { (short_id(&id)) }
    }
}
