//! Who waits for whom, and what a job is a part of.

use futures_util::future::try_join_all;
use job_engine::storage::{BatchProgress, JobSummary};
use job_engine::{BatchId, JobId, Parent, Storage, StorageError};
use maud::{Markup, html};

use crate::Shared;
use crate::html::{pair, short_id, state};
use crate::pages::{batches, job_link};
use crate::visit::Visit;

/// How many jobs on each side are shown.
const MOST_SHOWN: usize = 20;

pub(super) struct Relatives {
    batch: Option<BatchProgress>,
    parents: Few,
    children: Few,
}

/// Some jobs and batches, and whether there are more.
pub(crate) struct Few {
    shown: Vec<Relative>,
    has_more: bool,
}

/// `None` when it is not stored any more.
enum Relative {
    Job(JobId, Option<Box<JobSummary>>),
    Batch(BatchId, Option<BatchProgress>),
}

impl Relatives {
    pub(super) async fn of(shared: &Shared, job: &JobSummary) -> Result<Self, StorageError> {
        let storage = &*shared.storage;
        let parents = storage.parents(job.id, MOST_SHOWN + 1).await?;
        Ok(Self {
            batch: match job.batch {
                Some(batch) => storage.batch(batch).await?,
                None => None,
            },
            parents: Few::of(storage, &parents).await?,
            children: Few::that_continue(storage, Parent::Job(job.id)).await?,
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
                        (pair("Batch", &html! {
                            (batch_link(visit, batch.id)) " " (batches::meter(batch))
                        }))
                    }
                    @if !self.parents.is_empty() {
                        (pair("Continues", &self.parents.list(visit)))
                    }
                    @if !self.children.is_empty() {
                        (pair("Continued by", &self.children.list(visit)))
                    }
                }
            }
        }
    }
}

impl Few {
    /// The jobs that continue a job or a batch.
    pub(crate) async fn that_continue(
        storage: &dyn Storage,
        parent: Parent,
    ) -> Result<Self, StorageError> {
        let children = storage.children(parent, MOST_SHOWN + 1).await?;
        let children: Vec<Parent> = children.into_iter().map(Parent::Job).collect();
        Self::of(storage, &children).await
    }

    async fn of(storage: &dyn Storage, all: &[Parent]) -> Result<Self, StorageError> {
        let shown = all.iter().take(MOST_SHOWN);
        Ok(Self {
            shown: try_join_all(shown.map(|one| Relative::of(storage, *one))).await?,
            has_more: all.len() > MOST_SHOWN,
        })
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    pub(crate) fn list(&self, visit: &Visit) -> Markup {
        html! {
            ul.relatives {
                @for one in &self.shown { li { (one.line(visit)) } }
                @if self.has_more { li.muted { "and more" } }
            }
        }
    }
}

impl Relative {
    async fn of(storage: &dyn Storage, one: Parent) -> Result<Self, StorageError> {
        Ok(match one {
            Parent::Job(id) => {
                let job = storage.job(id).await?;
                Self::Job(id, job.map(|job| Box::new(job.summary)))
            }
            Parent::Batch(id) => Self::Batch(id, storage.batch(id).await?),
        })
    }

    fn line(&self, visit: &Visit) -> Markup {
        match self {
            Self::Job(id, Some(job)) => {
                let id = id.to_string();
                html! {
                    (state::badge_of(job)) " " (job_link(visit, &id, &job.kind))
                    span.id.mono title=(id) { (short_id(&id)) }
                }
            }
            Self::Batch(id, Some(batch)) => html! {
                (batches::standing(batch)) " batch " (batch_link(visit, *id))
            },
            Self::Job(JobId(id), None) | Self::Batch(BatchId(id), None) => {
                let id = id.to_string();
                html! {
                    span.mono title=(id) { (short_id(&id)) } " "
                    span.muted { "(not stored any more)" }
                }
            }
        }
    }
}

fn batch_link(visit: &Visit, batch: BatchId) -> Markup {
    let id = batch.to_string();
    html! {
        a.mono href=(visit.url(&batches::path(batch))) title=(id) { (short_id(&id)) }
    }
}
