use axum::extract::{Path, Query, State};
use job_engine::recurring::Schedule;
use job_engine::storage::RecurringRecord;
use maud::{Markup, html};
use serde::Deserialize;

use super::{change, facts, history, in_words, next_runs, value};
use crate::Shared;
use crate::access::Permission;
use crate::actions::RecurringAction;
use crate::html::navigation::hidden_token;
use crate::html::{icon, time};
use crate::page::{Page, PageError};
use crate::visit::Visit;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    id: String,
}

pub(crate) fn unknown(id: &str) -> PageError {
    PageError::NotFound(format!(
        "There is no recurring job “{id}”. It may have been removed."
    ))
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    visit: Visit,
    Path(Named { id }): Path<Named>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Page, PageError> {
    let before = value(&query, "before").map(str::parse).transpose();
    let before =
        before.map_err(|_| PageError::BadRequest("That is no place in a history.".into()))?;
    let record = shared.storage.recurring_job(&id).await?;
    let record = record.ok_or_else(|| unknown(&id))?;
    let storage = &shared.storage;
    let runs = storage
        .recurring_runs(&id, before, history::ROWS + 1)
        .await?;

    let body = html! {
        (title(&visit, &record))
        (standing(&visit, &record))
        div.job {
            div {
                @if let Ok(schedule) = record.schedule() { (coming(&visit, &record, &schedule)) }
                @if visit.viewer.may(Permission::ManageRecurring) {
                    details.change open[record.schedule().is_err()] {
                        summary { "Change the schedule" }
                        (change::form(&visit, &record, (&record.schedule, &record.time_zone)))
                    }
                }
            }
            (facts::facts(&visit, &record))
        }
        section aria-labelledby="history" {
            h2 #history { "History" }
            (history::history(&visit, &id, &runs))
        }
    };
    Ok(Page::ok(id, body))
}

fn title(visit: &Visit, record: &RecurringRecord) -> Markup {
    html! {
        p.trail { a href=(visit.url("/recurring")) { (icon::BACK) "Recurring jobs" } }
        header.page-head {
            div {
                h1.mono { (record.id) }
                p.about { (in_words(record)) ", " (record.time_zone) }
            }
            (actions(visit, record))
        }
    }
}

fn actions(visit: &Visit, record: &RecurringRecord) -> Markup {
    let url = |action: RecurringAction| visit.url(&action.path(&record.id));
    html! {
        @if visit.viewer.may(Permission::ManageRecurring) {
            form.actions method="post" {
                (hidden_token(visit))
                button.act formaction=(url(RecurringAction::RunNow))
                    title="Enqueues it once; the schedule goes on as if nothing had happened" {
                    "Run now"
                }
                @if record.paused_at.is_some() {
                    button.act formaction=(url(RecurringAction::Resume))
                        title="Goes on with the next occurrence; those of the pause are not made up for" {
                        "Resume"
                    }
                } @else {
                    span.together {
                        input type="text" name="reason" maxlength="200"
                            placeholder="Why? (for the pause)" aria-label="Reason for the pause"
                            autocomplete="off";
                        button.act formaction=(url(RecurringAction::Pause))
                            title="Creates no jobs any more until it is resumed; those that exist stay" {
                            "Pause"
                        }
                    }
                }
                button.act.danger formaction=(url(RecurringAction::Remove)) { "Remove" }
            }
        }
    }
}

/// How it is, in a sentence.
fn standing(visit: &Visit, record: &RecurringRecord) -> Markup {
    if let Some(since) = record.paused_at {
        return html! {
            p.why.warning {
                "Paused " (time::relative(since, visit.now)) "."
                @if let Some(because) = &record.paused_because { " " (because) "." }
            }
        };
    }
    if let Some(error) = &record.error {
        return html! { p.why.danger { (error) } };
    }
    let Some(next) = record.next_at else {
        return html! { p.why.warning { "It has no further occurrence." } };
    };
    html! { p.why.info { "Runs " (time::relative(next, visit.now)) "." } }
}

fn coming(visit: &Visit, record: &RecurringRecord, schedule: &Schedule) -> Markup {
    html! {
        section aria-labelledby="next" {
            h2 #next { "Next runs" }
            @if record.paused_at.is_some() { p.muted { "It is paused; these it would have." } }
            (next_runs::list(schedule, visit.now))
        }
    }
}
