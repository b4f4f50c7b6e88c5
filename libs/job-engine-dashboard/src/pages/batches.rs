use axum::extract::{Path, Query, State};
use job_engine::storage::BatchProgress;
use job_engine::{BatchId, Parent, State as JobState};
use maud::{Markup, html};
use serde::Deserialize;

use super::head;
use super::job::relatives;
use crate::Shared;
use crate::addresses;
use crate::filters::Filters;
use crate::html::table::{Column, cell, column, table};
use crate::html::{batch, copy_button, icon, jobs, number, pair, short_id, time};
use crate::lists::List;
use crate::page::{Page, PageError};
use crate::relatives::Relative;
use crate::visit::Visit;

/// How many batches a page shows.
const ROWS: usize = 50;

const COLUMNS: [Column; 5] = [
    column("Batch", "wide"),
    column("State", ""),
    column("Jobs ended", "progress-column"),
    column("Given up", "number"),
    column("Made", "time"),
];

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    batch: String,
}

/// By name, because a page may have other parameters.
#[derive(Deserialize)]
pub(crate) struct Asked {
    before: Option<String>,
}

pub(crate) async fn list(
    State(shared): State<Shared>,
    visit: Visit,
    Query(Asked { before }): Query<Asked>,
) -> Result<Page, PageError> {
    let before = before.map(|id| parse(&id)).transpose()?;
    let batches = shared.storage.batches(before, ROWS + 1).await?;
    let shown = &batches[..batches.len().min(ROWS)];
    let last = shown.last().filter(|_| batches.len() > ROWS);

    let about = "Jobs that were put together, so that they are counted and waited for together.";
    let body = html! {
        (head("Batches", about, &html! {}))
        @if shown.is_empty() {
            p.empty { "There is no batch. One appears when jobs are enqueued as a batch." }
        } @else {
            (table("Batches", &COLUMNS, &html! {
                @for batch in shown { (row(&visit, batch)) }
            }))
        }
        @if let Some(last) = last {
            nav.pager aria-label="Pages" {
                a.button rel="next" href=(visit.url(&format!("/batches?before={}", last.id))) {
                    "Older"
                }
            }
        }
    };
    Ok(Page::ok("Batches", body))
}

pub(crate) async fn one(
    State(shared): State<Shared>,
    visit: Visit,
    Path(Named { batch: id }): Path<Named>,
) -> Result<Page, PageError> {
    let batch = shared.storage.batch(parse(&id)?).await?;
    let batch = batch.ok_or_else(|| unknown(&id))?;
    let this = Parent::Batch(batch.id);
    let waiting = Relative::that_continue(&*shared.storage, this, relatives::MOST_ASKED).await?;

    let body = html! {
        p.trail { a href=(visit.url("/batches")) { (icon::BACK) "Batches" } }
        header.page-head {
            div {
                h1 { "Batch of " (jobs(batch.jobs)) }
                p.about { (batch::standing(&batch)) span.mono.id { (id) } (copy_button(&id, "id")) }
            }
        }
        dl.pairs {
            (pair("Ended", &batch::meter(&batch)))
            (pair("Succeeded", &in_list(&visit, &batch, JobState::Succeeded, batch.succeeded)))
            (pair("Given up", &in_list(&visit, &batch, JobState::Failed, batch.failed)))
            (pair("Deleted", &in_list(&visit, &batch, JobState::Deleted, batch.deleted)))
            (pair("To go", &html! { (number(batch.pending())) }))
            (pair("Made", &time::exact(batch.created_at)))
            @if let Some(ended_at) = batch.ended_at { (pair("Over", &time::exact(ended_at))) }
            (pair("Jobs", &html! {
                a href=(visit.url(&Filters::of_batch(batch.id).address("/jobs"))) { "All of this batch" }
            }))
        }
        @if !waiting.is_empty() {
            section aria-labelledby="waiting" {
                h2 #waiting { "Run after it" }
                (relatives::list(&visit, &waiting))
            }
        }
    };
    Ok(Page::ok("Batch", body))
}

/// A number that leads to the jobs of the batch in this state, if there are any.
fn in_list(visit: &Visit, batch: &BatchProgress, state: JobState, n: u64) -> Markup {
    let address = Filters::of_batch(batch.id).address(&List::In(state).path());
    html! {
        @if n > 0 { a href=(visit.url(&address)) { (number(n)) } } @else { (number(n)) }
    }
}

fn parse(id: &str) -> Result<BatchId, PageError> {
    id.parse().map(BatchId).map_err(|_| unknown(id))
}

fn unknown(id: &str) -> PageError {
    PageError::NotFound(format!(
        "There is no batch with the id “{id}”. Batches are removed when their retention has passed."
    ))
}

fn row(visit: &Visit, batch: &BatchProgress) -> Markup {
    let [name, state, ended, failed, made] = &COLUMNS;
    let id = batch.id.to_string();
    html! {
        tr data-key=(id) {
            (cell(name, &html! {
                a.kind href=(visit.url(&addresses::batch(batch.id))) { (jobs(batch.jobs)) }
                span.mono.id title=(id) { (short_id(&id)) }
            }))
            (cell(state, &batch::standing(batch)))
            (cell(ended, &batch::meter(batch)))
            (cell(failed, &html! { (number(batch.failed)) }))
            (cell(made, &time::relative(batch.created_at, visit.now)))
        }
    }
}
