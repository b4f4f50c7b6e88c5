//! Recurring jobs: all of them, one of them, and what is asked before one is changed.

pub(crate) mod change;
mod facts;
mod history;
mod next_runs;
pub(crate) mod one;

use axum::extract::{Query, State};
use job_engine::storage::{RecurringPage, RecurringQuery, RecurringRecord, RecurringRun, RunCause};
use maud::{Markup, html};

use super::head;
use crate::Shared;
use crate::access::Permission;
use crate::actions::RecurringAction;
use crate::addresses;
use crate::filters::encode;
use crate::html::navigation::hidden_token;
use crate::html::state::{self, marked};
use crate::html::table::{Column, cell, column, table};
use crate::html::{icon, sign_or_words, time};
use crate::page::{Page, PageError};
use crate::visit::Visit;

const ROWS: usize = 50;

const COLUMNS: [Column; 5] = [
    column("Recurring job", "wide"),
    column("Schedule", "wide"),
    column("Next run", "time"),
    column("Last run", "time"),
    column("", "row-actions"),
];

pub(crate) async fn list(
    State(shared): State<Shared>,
    visit: Visit,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Page, PageError> {
    let words = value(&query, "q").unwrap_or_default().trim();
    let after = value(&query, "after");
    let query = RecurringQuery {
        containing: (!words.is_empty()).then(|| words.to_owned()),
        after: after.map(str::to_owned),
        limit: ROWS,
    };
    let page = shared.storage.recurring_jobs(&query).await?;

    let about = "Jobs that are enqueued again and again, by a schedule. Code makes them known when \
                 the program starts.";
    let body = html! {
        (head("Recurring jobs", about, &html! {}))
        (search(&visit, words))
        @if page.jobs.is_empty() {
            (nothing(&visit, words))
        } @else {
            form method="post" {
                (hidden_token(&visit))
                input type="hidden" name="back" value=(visit.here);
                (rows(&visit, &page))
            }
            (pager(&visit, words, after.is_some(), &page))
        }
    };
    Ok(Page::ok("Recurring jobs", body))
}

fn value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = query.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

fn search(visit: &Visit, words: &str) -> Markup {
    html! {
        form.filters method="get" action=(visit.url("/recurring")) aria-label="Filter" {
            label { "Id or kind contains"
                input type="search" name="q" value=(words) autocomplete="off" spellcheck="false";
            }
            button { "Show" }
            @if !words.is_empty() { a.button.quiet href=(visit.url("/recurring")) { "Clear" } }
        }
    }
}

fn nothing(visit: &Visit, words: &str) -> Markup {
    html! {
        div.empty {
            @if words.is_empty() {
                p { "No job recurs." }
            } @else {
                p { "No recurring job has “" (words) "” in its id or its kind." }
                p { a href=(visit.url("/recurring")) { "Show all of them" } }
            }
        }
    }
}

fn rows(visit: &Visit, page: &RecurringPage) -> Markup {
    let rows = html! {
        @for job in &page.jobs { (row(visit, &job.record, job.last.as_ref())) }
    };
    table("Recurring jobs", &COLUMNS, &rows)
}

fn row(visit: &Visit, record: &RecurringRecord, last: Option<&RecurringRun>) -> Markup {
    let [name, schedule, next, previous, actions] = &COLUMNS;
    html! {
        tr data-key=(record.id) {
            (cell(name, &html! {
                a.kind href=(visit.url(&addresses::recurring_job(&record.id))) { (record.id) }
                @if record.id != record.kind { p.muted.mono { (record.kind) } }
                @if let Some(error) = &record.error { p.error-message { (error) } }
            }))
            (cell(schedule, &html! {
                (in_words(record))
                p.muted { span.mono { (record.schedule) } " · " (record.time_zone) }
            }))
            (cell(next, &next_run(visit, record)))
            (cell(previous, &last.map_or_else(|| html! { span.muted { "Never" } }, |run| html! {
                (time::relative(run.at, visit.now)) p { (outcome(visit, run)) }
            })))
            (cell(actions, &run_now(visit, record)))
        }
    }
}

fn run_now(visit: &Visit, record: &RecurringRecord) -> Markup {
    let path = RecurringAction::RunNow.path(&record.id);
    html! {
        @if visit.viewer.may(Permission::ManageRecurring) {
            span.row-buttons {
                button.act title="Enqueues a run; the schedule goes on as before"
                    aria-label={ "Run " (record.id) " now" } formaction=(visit.url(&path)) {
                    (sign_or_words(icon::PROCESSING, "Run now"))
                }
            }
        }
    }
}

fn pager(visit: &Visit, words: &str, is_later: bool, page: &RecurringPage) -> Markup {
    let query = if words.is_empty() {
        String::new()
    } else {
        format!("q={}", encode(words))
    };
    html! {
        @if is_later || page.next.is_some() {
            nav.pager aria-label="Pages" {
                @if is_later {
                    a.button href=(visit.url(&format!("/recurring?{query}"))) { "First page" }
                }
                @if let Some(next) = &page.next {
                    a.button rel="next" href=(visit.url(&format!("/recurring?after={}&{query}", encode(next)))) {
                        "Next"
                    }
                }
            }
        }
    }
}

/// The schedule in words, or that this machine cannot read it.
fn in_words(record: &RecurringRecord) -> String {
    record.schedule().map_or_else(
        |_| "Cannot be read".to_owned(),
        |schedule| schedule.in_words(),
    )
}

fn next_run(visit: &Visit, record: &RecurringRecord) -> Markup {
    match (record.paused_at, record.next_at) {
        (Some(_), _) => marked("warning", icon::PAUSED, "Paused"),
        (None, Some(at)) => time::relative(at, visit.now),
        (None, None) => html! { span.muted { "–" } },
    }
}

/// What an entry of the history came to: the state of its job, or why there is none.
fn outcome(visit: &Visit, run: &RecurringRun) -> Markup {
    let badge = match (run.state, run.cause) {
        (Some(state), _) => state::badge(state),
        (None, RunCause::Skipped) => marked("neutral", icon::DELETED, "Skipped"),
        (None, _) => marked("warning", icon::WARNING, "Missed"),
    };
    html! {
        @if let Some(job) = run.job {
            a href=(visit.url(&addresses::job(job))) { (badge) }
        } @else { (badge) }
    }
}
