use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use job_engine::State as JobState;
use job_engine::storage::{Condition, JobQuery, JobSummary, Page as JobPage, Test};
use job_engine::{JobId, ServerId};
use maud::{Markup, html};
use serde::Deserialize;

use super::{head, job_link};
use crate::Shared;
use crate::access::Permission;
use crate::actions::Action;
use crate::filters::{Filters, PAGE_SIZES};
use crate::html::navigation::hidden_token;
use crate::html::table::{Column, cell, column, table};
use crate::html::{error_report, job_actions, jobs, json, number, short_id, state, time};
use crate::lists::List;
use crate::page::{Page, PageError};
use crate::pages::operations;
use crate::search::{HELP, Misunderstanding};
use crate::visit::Visit;

/// How much of the arguments a row shows.
const PREVIEW_CHARS: usize = 120;

/// How many matches are counted.
const MOST_COUNTED: u64 = 1_000;

const TICK: Column = column("", "tick");
const JOB: Column = column("Job", "wide");
const STATE: Column = column("State", "");
const QUEUE: Column = column("Queue", "");
const SERVER: Column = column("Server", "");
const ATTEMPTS: Column = column("Attempts", "number");
const TOOK: Column = column("Took", "number");
const ROW_ACTIONS: Column = column("", "row-actions");

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    list: String,
}

/// What a list's rows need to be told besides the jobs.
struct Listing<'a> {
    visit: &'a Visit,
    list: List,
    server_names: HashMap<ServerId, String>,
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
             processing, succeeded, failed and deleted."
        ))
    })?;
    show(&shared, &visit, list, &query).await
}

/// A whole id leads to its job.
async fn open(shared: &Shared, visit: &Visit, id: JobId) -> Result<Response, PageError> {
    match shared.storage.job(id).await? {
        Some(_) => Ok(Redirect::to(&visit.url(&format!("/jobs/details/{id}"))).into_response()),
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

fn filter_row(
    visit: &Visit,
    list: List,
    filters: &Filters,
    queues: &[String],
    total: Option<&str>,
) -> Markup {
    html! {
        form.filters method="get" action=(visit.url(&list.path())) aria-label="Filter" {
            label { "Queue"
                select name="queue" {
                    option value="" { "All" }
                    @for queue in queues {
                        option value=(queue) selected[filters.queue.as_ref() == Some(queue)] { (queue) }
                    }
                }
            }
            label.search { "Search"
                input type="search" name="q" value=[filters.search.as_deref()]
                    placeholder="kind:send_email error:timeout created:<2h" autocomplete="off"
                    autocapitalize="none" spellcheck="false" data-search;
            }
            @if let Some(rows) = filters.rows { input type="hidden" name="rows" value=(rows); }
            button { "Show" }
            @if filters.is_filtering() { a.button.quiet href=(visit.url(&list.path())) { "Clear" } }
            @if let Some(total) = total { p.total { (total) } }
        }
        (search_help(false))
    }
}

/// What can be written into the search box; without a script as well.
fn search_help(open: bool) -> Markup {
    html! {
        details.search-help open[open] data-key="search-help" {
            summary { "How to search" }
            dl {
                @for (example, meaning) in HELP {
                    div { dt { code { (example) } } dd { (meaning) } }
                }
            }
        }
    }
}

/// An empty list says why it is empty.
fn nothing(visit: &Visit, list: List, filters: &Filters, queues: &[String]) -> Markup {
    let unknown_queue = filters
        .queue
        .as_ref()
        .filter(|queue| !queues.contains(queue));
    html! {
        div.empty {
            @if let Some(queue) = unknown_queue {
                p { "There is no queue called “" (queue) "”." }
            } @else if filters.is_filtering() {
                p { "No job here matches." }
                p { a href=(visit.url(&list.path())) { "Show all of them" } }
            } @else if filters.after.is_some() {
                p { "There are no further jobs." }
                p { a href=(visit.url(&list.path())) { "First page" } }
            } @else {
                p { (list.when_empty()) }
            }
        }
    }
}

fn pager(visit: &Visit, list: List, filters: &Filters, page: &JobPage) -> Markup {
    let first = filters.on_page(None);
    let next = page.next.map(|cursor| filters.on_page(Some(cursor)));
    html! {
        @if filters.after.is_some() || next.is_some() || filters.rows.is_some() {
            nav.pager aria-label="Pages" {
                p.sizes {
                    span { "Rows" }
                    @for rows in PAGE_SIZES {
                        @let address = filters.with_rows(rows).address(&list.path());
                        a href=(visit.url(&address)) aria-label={ (rows) " rows on a page" }
                            aria-current=[(filters.rows() == rows).then_some("true")] { (rows) }
                    }
                }
                @if filters.after.is_some() {
                    a.button href=(visit.url(&first.address(&list.path()))) { "First page" }
                }
                @if let Some(next) = next {
                    a.button rel="next" href=(visit.url(&next.address(&list.path()))) { "Older" }
                }
            }
        }
    }
}

impl Listing<'_> {
    fn form(&self, jobs: &[JobSummary], filters: &Filters, total: Option<&str>) -> Markup {
        let columns = self.columns();
        let rows = html! { @for job in jobs { (self.row(job)) } };
        let table = table(self.list.title(), &columns, &rows);
        if !self.visit.viewer.may_act {
            return table;
        }

        html! {
            form.list method="post" {
                // The first button is the one that Enter presses; this one does nothing.
                button disabled hidden {}
                (hidden_token(self.visit))
                input type="hidden" name="back" value=(filters.address(&self.list.path()));
                div.toolbar role="toolbar" aria-label="Act on ticked jobs" {
                    (job_actions::of_ticked(self.visit, &self.actions()))
                    (self.on_all(filters, total))
                }
                (table)
            }
        }
    }

    /// What one is asked about when it is done to all jobs of the list.
    fn on_all(&self, filters: &Filters, total: Option<&str>) -> Markup {
        let offered = match self.list {
            List::All if filters.is_filtering() => vec![Action::Requeue, Action::Delete],
            _ => self.actions(),
        };
        html! {
            @if self.visit.viewer.may(Permission::ActOnAll) && !offered.is_empty() {
                span.on-all {
                    @match total {
                        Some("1 job") => "The 1 job:",
                        Some(total) => { "All " (total) ":" },
                        None => "All that match:",
                    }
                    @for action in offered {
                        a href=(self.visit.url(&operations::address(action, self.list, filters))) {
                            (action.verb()) " all"
                        }
                    }
                }
            }
        }
    }

    /// What is offered for jobs of this list, as far as it is permitted.
    fn actions(&self) -> Vec<Action> {
        let offered: &[Action] = match self.list {
            List::In(JobState::Enqueued) => &[Action::Delete],
            List::In(JobState::Scheduled) | List::Retries => &[Action::TriggerNow, Action::Delete],
            List::In(JobState::Succeeded | JobState::Deleted) => &[Action::Requeue],
            List::In(JobState::Awaiting | JobState::Processing | JobState::Failed) => {
                &[Action::Requeue, Action::Delete]
            }
            List::All => &[],
        };
        let permitted = |action: &Action| self.visit.viewer.may(action.permission());
        offered.iter().copied().filter(permitted).collect()
    }

    fn columns(&self) -> Vec<Column> {
        let of_list: &[Column] = match self.list {
            List::All => &[STATE, QUEUE, column("Changed", "time")],
            List::Retries => &[QUEUE, ATTEMPTS, column("Next attempt", "time")],
            List::In(JobState::Enqueued | JobState::Awaiting) => {
                &[QUEUE, column("Waits for", "time")]
            }
            List::In(JobState::Scheduled) => &[QUEUE, column("Due", "time")],
            List::In(JobState::Processing) => &[QUEUE, SERVER, column("Runs for", "time")],
            List::In(JobState::Succeeded) => &[QUEUE, TOOK, column("Succeeded", "time")],
            List::In(JobState::Failed) => &[QUEUE, ATTEMPTS, column("Failed", "time")],
            List::In(JobState::Deleted) => &[QUEUE, column("Deleted", "time")],
        };

        let mut columns = vec![JOB];
        columns.extend(of_list.iter().copied());
        if self.visit.viewer.may_act && !self.actions().is_empty() {
            columns.insert(0, TICK);
            columns.push(ROW_ACTIONS);
        }
        columns
    }

    fn row(&self, job: &JobSummary) -> Markup {
        html! {
            tr data-key=(job.id) {
                @for column in self.columns() { (cell(&column, &self.content(&column, job))) }
            }
        }
    }

    fn content(&self, column: &Column, job: &JobSummary) -> Markup {
        let now = self.visit.now;
        match (column.class, column.heading) {
            ("tick", _) => job_actions::tick(job),
            ("row-actions", _) => job_actions::in_row(self.visit, &self.actions(), job),
            (_, "Job") => self.job(job),
            (_, "State") => state::badge_of(job),
            (_, "Queue") => html! { span.mono { (job.queue) } },
            (_, "Attempts") => html! { (number(u64::from(job.attempts))) },
            (_, "Server") => self.server(job),
            (_, "Took") => html! { @if let Some(took) = job.duration { (time::words(took)) } },
            (_, "Next attempt" | "Due") => {
                html! { @if let Some(due) = job.due_at { (time::relative(due, now)) } }
            }
            (_, "Waits for" | "Runs for") => time::since(job.changed_at, now),
            _ => time::relative(job.changed_at, now),
        }
    }

    fn job(&self, job: &JobSummary) -> Markup {
        let id = job.id.to_string();
        let failed = job.state == JobState::Failed || state::is_retry(job);
        html! {
            (job_link(self.visit, &id, &job.kind))
            span.id.mono title=(id) { (short_id(&id)) }
            @if let (true, Some(error)) = (failed, &job.error) {
                p.error-line { (error_report::first_line(error)) }
            } @else if let (JobState::Deleted, Some(reason)) = (job.state, &job.reason) {
                p.preview { (reason) }
            } @else {
                p.preview.mono { (json::preview(&self.visit.arguments(&job.kind, &job.arguments), PREVIEW_CHARS)) }
            }
        }
    }

    fn server(&self, job: &JobSummary) -> Markup {
        let name = job.server.and_then(|server| self.server_names.get(&server));
        html! {
            @if let Some(name) = name {
                span.mono { (name) }
            } @else {
                span.late { "Not known any more" }
            }
        }
    }
}
