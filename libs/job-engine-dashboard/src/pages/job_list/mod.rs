//! The lists of jobs: all of them, and those in one state.

mod around;
mod rows;

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use job_engine::State as JobState;
use job_engine::storage::{Condition, JobQuery, Page as JobPage, Test};
use job_engine::{JobId, ServerId};
use maud::html;
use serde::Deserialize;

use super::head;
use crate::Shared;
use crate::addresses;
use crate::filters::Filters;
use crate::html::jobs;
use crate::lists::List;
use crate::page::{Page, PageError};
use crate::search::Misunderstanding;
use crate::visit::Visit;

use around::{filter_row, nothing, pager, search_help};
use rows::Listing;

/// How many matches are counted.
const MOST_COUNTED: u64 = 1_000;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    list: String,
}

pub(crate) async fn all(
    State(shared): State<Shared>,
    visit: Visit,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let id = query.iter().find_map(|(key, value)| {
        let id = (key == "q").then(|| value.trim().parse());
        id.and_then(Result::ok)
    });
    match id {
        Some(id) => open(&shared, &visit, JobId(id)).await,
        None => show(&shared, &visit, List::All, &query).await,
    }
}

pub(crate) async fn retries(
    State(shared): State<Shared>,
    visit: Visit,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    show(&shared, &visit, List::Retries, &query).await
}

pub(crate) async fn in_state(
    State(shared): State<Shared>,
    visit: Visit,
    Path(Named { list: word }): Path<Named>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let list = List::of_state(&word).ok_or_else(|| {
        PageError::NotFound(format!(
            "There is no list of jobs called “{word}”. The lists are enqueued, scheduled, \
             awaiting, processing, succeeded, failed and deleted."
        ))
    })?;
    show(&shared, &visit, list, &query).await
}

/// A whole id leads to its job.
async fn open(shared: &Shared, visit: &Visit, id: JobId) -> Result<Response, PageError> {
    match shared.storage.job(id).await? {
        Some(_) => Ok(Redirect::to(&visit.url(&addresses::job(id))).into_response()),
        None => Err(super::job::unknown(&id.to_string())),
    }
}

async fn show(
    shared: &Shared,
    visit: &Visit,
    list: List,
    query: &[(String, String)],
) -> Result<Response, PageError> {
    let filters = Filters::parse(query)?;
    let queues = shared.storage.queues().await?;
    let queues: Vec<String> = queues.into_iter().map(|queue| queue.name).collect();
    let query = match filters.query(list, visit.now) {
        Ok(query) => query,
        Err(problems) => {
            return Ok(explain(visit, list, &filters, &queues, &problems).into_response());
        }
    };
    let page = shared.storage.jobs(&query).await?;
    let listing = Listing {
        visit,
        list,
        server_names: server_names(shared, list).await?,
    };
    let total = total(shared, visit, list, &query, &page).await?;

    let body = html! {
        (head(list.title(), list.about(), &html! {}))
        (filter_row(visit, list, &filters, &queues, total.as_deref()))
        @if page.jobs.is_empty() {
            (nothing(visit, list, &filters, &queues))
        } @else {
            (listing.form(&page.jobs, &filters, total.as_deref()))
            (pager(visit, list, &filters, &page))
        }
    };
    Ok(Page::ok(list.title(), body).into_response())
}

/// A search that is not understood gets an explanation instead of an empty list.
fn explain(
    visit: &Visit,
    list: List,
    filters: &Filters,
    queues: &[String],
    problems: &[Misunderstanding],
) -> Page {
    let body = html! {
        (head(list.title(), list.about(), &html! {}))
        (filter_row(visit, list, filters, queues, None))
        div.misunderstood role="alert" {
            h2 { "This search is not understood" }
            ul { @for problem in problems { li { (problem.0) } } }
        }
        (search_help(true))
    };
    Page {
        status: StatusCode::BAD_REQUEST,
        ..Page::ok(list.title(), body)
    }
}

/// How many jobs there are, where it is quick to say.
async fn total(
    shared: &Shared,
    visit: &Visit,
    list: List,
    query: &JobQuery,
    page: &JobPage,
) -> Result<Option<String>, PageError> {
    if query.queue.is_none() && query.conditions.is_empty() {
        let count = visit.counts.as_ref().map(|counts| list.count(counts));
        return Ok(count.map(jobs));
    }
    if query.after.is_none() && page.next.is_none() {
        return Ok(Some(jobs(page.jobs.len() as u64)));
    }
    if query.conditions.iter().any(reads_much) {
        return Ok(None);
    }
    Ok(match shared.storage.count(query, MOST_COUNTED + 1).await? {
        n if n > MOST_COUNTED => Some(format!("more than {}", jobs(MOST_COUNTED))),
        n => Some(jobs(n)),
    })
}

/// Whether a count would read every job.
fn reads_much(condition: &Condition) -> bool {
    matches!(
        condition.test,
        Test::Error(_)
            | Test::Text(_)
            | Test::Argument(_)
            | Test::Attempts(_)
            | Test::Tenant(_)
            | Test::Tag(_)
            | Test::Trace(_)
            | Test::Created(_)
    )
}

async fn server_names(shared: &Shared, list: List) -> Result<HashMap<ServerId, String>, PageError> {
    if list != List::In(JobState::Processing) {
        return Ok(HashMap::new());
    }

    let servers = shared.storage.servers().await?;
    Ok(servers
        .into_iter()
        .map(|server| (server.id, server.name))
        .collect())
}
