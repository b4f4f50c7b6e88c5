use axum::extract::{Query, State};
use job_engine::actor::LARGE_DELETION;
use job_engine::storage::JobQuery;
use maud::html;
use serde::Deserialize;

use super::said;
use crate::Shared;
use crate::actions::Action;
use crate::filters::{Filters, encode};
use crate::html::jobs;
use crate::html::navigation::hidden_token;
use crate::lists::List;
use crate::page::{Page, PageError};
use crate::pages::head;
use crate::search;
use crate::visit::Visit;

/// What a person is about to do.
#[derive(Deserialize)]
pub(crate) struct Asked {
    action: String,
    q: String,
}

/// Asks before all jobs of a search are acted on: their number, why, and whether one is sure.
pub(crate) async fn ask(
    State(shared): State<Shared>,
    visit: Visit,
    Query(Asked { action, q }): Query<Asked>,
) -> Result<Page, PageError> {
    let action = Action::parse(&action).ok_or_else(PageError::no_such_action)?;
    let total = total(&shared, &visit, &q).await?;

    let what = format!("{} {}", action.verb(), jobs(total));
    let consequence = match action {
        Action::Requeue => "They go back into their queues, and attempts start again from one.",
        Action::TriggerNow => "They run as soon as workers are free instead of at their times.",
        Action::Delete => {
            "They are taken out of their queues, and stopped if they run. They can be requeued \
             until their retention has passed."
        }
    };
    let body = html! {
        (head(&format!("{what}?"), consequence, &html! {}))
        @if total == 0 {
            p.empty { "No job matches any more. "
                a href=(visit.url("/")) { "Back to the overview" } }
        } @else {
            form.ask method="post" action=(visit.url("/operations")) {
                (hidden_token(&visit))
                input type="hidden" name="action" value=(action.name());
                input type="hidden" name="q" value=(q);
                input type="hidden" name="total" value=(total);
                p { "All jobs that match " code { (said(&q)) } ", as they are now. "
                    a href=(visit.url(&format!("/jobs?q={}", encode(&q)))) { "Show them" } }
                label {
                    span { "Why " span.muted { "(for the history of the jobs and the audit log)" } }
                    input type="text" name="reason" maxlength="200" required autocomplete="off";
                }
                @if action == Action::Delete && total > LARGE_DELETION {
                    label {
                        span { "Type " strong { (total) } " to confirm" }
                        input type="text" name="number" inputmode="numeric" required
                            pattern=(total) autocomplete="off";
                    }
                }
                div.actions {
                    button class=(answer_class(action)) { (what) }
                    a.button href=(visit.url(&format!("/jobs?q={}", encode(&q)))) { "Leave them" }
                }
            }
        }
    };
    Ok(Page::ok(what, body))
}

/// The answer that the page is for; what destroys is never in the colour of a main action.
const fn answer_class(action: Action) -> &'static str {
    match action {
        Action::Requeue | Action::TriggerNow => "main",
        Action::Delete => "act danger",
    }
}

/// Where one is asked about an action on a whole list as it is narrowed now.
pub(crate) fn address(action: Action, list: List, filters: &Filters) -> String {
    let words = filters.words(list);
    format!(
        "/operations/new?action={}&q={}",
        action.name(),
        encode(&words)
    )
}

/// How many jobs match these words now.
async fn total(shared: &Shared, visit: &Visit, words: &str) -> Result<u64, PageError> {
    let query = query(words, visit)?;
    Ok(shared.storage.count(&query, u64::MAX).await?)
}

pub(crate) fn query(words: &str, visit: &Visit) -> Result<JobQuery, PageError> {
    let conditions = search::parse(words, visit.now).map_err(|problems| {
        let words: Vec<String> = problems.into_iter().map(|problem| problem.0).collect();
        PageError::BadRequest(words.join(" "))
    })?;
    Ok(JobQuery {
        conditions,
        ..JobQuery::default()
    })
}
