//! What was asked for all jobs of a search, and how far it is.

mod ask;

use axum::extract::{Path, State};
use job_engine::storage::{Command, Operation, OperationId, OperationStatus};
use maud::{Markup, html};
use serde::Deserialize;

use super::head;
use crate::Shared;
use crate::access::Permission;
use crate::actions::Action;
use crate::addresses;
use crate::filters::encode;
use crate::html::icon;
use crate::html::navigation::hidden_token;
use crate::html::state::marked;
use crate::html::table::{Column, cell, column, table};
use crate::html::{jobs, number, pair, time};
use crate::page::{Page, PageError};
use crate::visit::Visit;

pub(crate) use ask::{address, ask, query};

/// How many operations are listed.
const SHOWN: usize = 100;

const COLUMNS: [Column; 5] = [
    column("Operation", "wide"),
    column("Progress", "progress"),
    column("State", ""),
    column("By", "names"),
    column("Started", "time"),
];

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    operation: String,
}

pub(crate) async fn list(State(shared): State<Shared>, visit: Visit) -> Result<Page, PageError> {
    let operations = shared.storage.operations(SHOWN).await?;

    let about = "What was asked for all jobs of a search. A server works it off in the background.";
    let body = html! {
        (head("Operations", about, &html! {}))
        @if operations.is_empty() {
            p.empty { "Nobody has acted on all jobs of a search yet. Lists of jobs offer it." }
        } @else {
            @let rows = html! { @for operation in &operations { (row(&visit, operation)) } };
            (table("Operations", &COLUMNS, &rows))
        }
    };
    Ok(Page::ok("Operations", body))
}

pub(crate) async fn one(
    State(shared): State<Shared>,
    visit: Visit,
    Path(Named { operation: id }): Path<Named>,
) -> Result<Page, PageError> {
    let parsed = id.parse().map(OperationId).map_err(|_| unknown(&id))?;
    let operation = shared.storage.operation(parsed).await?;
    let operation = operation.ok_or_else(|| unknown(&id))?;

    let title = title(&operation);
    let about = match operation.status {
        OperationStatus::Running => "It goes on in the background. You can leave this page.",
        OperationStatus::Finished => "It is over: no further job matches.",
        OperationStatus::Stopped => "It was stopped. What was done stays done.",
    };
    let body = html! {
        p.trail { a href=(visit.url("/operations")) { (icon::BACK) "Operations" } }
        (head(&title, about, &stop_button(&visit, &operation)))
        section.operation aria-labelledby="progress" {
            h2 #progress { "Progress" }
            (progress(&operation))
            (facts(&visit, &operation))
        }
    };
    Ok(Page::ok(title, body))
}

fn row(visit: &Visit, operation: &Operation) -> Markup {
    let [what, how_far, state, who, started] = &COLUMNS;
    let address = visit.url(&addresses::operation(operation.id));
    let content = html! {
        a.kind href=(address) { (title(operation)) }
        p.preview.mono { (said(&operation.words)) }
    };
    html! {
        tr data-key=(operation.id) {
            (cell(what, &content))
            (cell(how_far, &progress(operation)))
            (cell(state, &badge(operation.status)))
            (cell(who, &html! { (operation.actor) }))
            (cell(started, &time::relative(operation.started_at, visit.now)))
        }
    }
}

fn title(operation: &Operation) -> String {
    let action = Action::of(operation.command);
    format!("{} {}", action.verb(), jobs(operation.total))
}

fn said(words: &str) -> &str {
    if words.is_empty() { "every job" } else { words }
}

fn progress(operation: &Operation) -> Markup {
    let looked_at = operation.done + operation.skipped;
    let most = operation.total.max(looked_at).max(1);
    html! {
        span.busy {
            meter min="0" max=(most) value=(looked_at) aria-label="Done" {}
            span { (number(looked_at)) " of " (number(operation.total)) }
        }
    }
}

fn badge(status: OperationStatus) -> Markup {
    match status {
        OperationStatus::Running => marked("info", icon::PROCESSING, "Running"),
        OperationStatus::Finished => marked("success", icon::SUCCEEDED, "Finished"),
        OperationStatus::Stopped => marked("neutral", icon::DELETED, "Stopped"),
    }
}

fn facts(visit: &Visit, operation: &Operation) -> Markup {
    let search = format!("/jobs?q={}", encode(&operation.words));
    let verb = match operation.command {
        Command::Requeue => "Requeued",
        Command::TriggerNow => "Triggered",
        Command::Delete => "Deleted",
    };
    html! {
        dl.pairs {
            (pair("State", &badge(operation.status)))
            (pair(verb, &html! { (number(operation.done)) }))
            (pair("Left alone", &html! {
                (number(operation.skipped))
                @if operation.skipped > 0 { span.muted { " had moved on, or could not be" } }
            }))
            (pair("Jobs", &html! { a href=(visit.url(&search)) { code { (said(&operation.words)) } } }))
            (pair("By", &html! { (operation.actor) }))
            (pair("Why", &html! { (operation.reason) }))
            (pair("Started", &time::exact(operation.started_at)))
            @if let Some(ended_at) = operation.ended_at {
                (pair("Ended", &time::exact(ended_at)))
                (pair("Took", &html! { (time::words(time::between(operation.started_at, ended_at))) }))
            }
        }
    }
}

fn stop_button(visit: &Visit, operation: &Operation) -> Markup {
    let is_running = operation.status == OperationStatus::Running;
    if !is_running || !visit.viewer.may(Permission::ActOnAll) {
        return html! {};
    }
    html! {
        form.actions method="post" action=(visit.url(&format!("{}/stop", addresses::operation(operation.id)))) {
            (hidden_token(visit))
            button { "Stop" }
        }
    }
}

fn unknown(id: &str) -> PageError {
    PageError::NotFound(format!("There is no operation with the id “{id}”."))
}
