use job_engine::State as JobState;
use job_engine::storage::{HistoryEntry, JobDetails, ServerSummary};
use maud::{Markup, html};
use serde_json::Value;

use crate::html::{error_report, linked, pair, short_id, state, time};
use crate::visit::Visit;

/// Every state it was in, the newest first.
pub(super) fn history(visit: &Visit, job: &JobDetails, servers: &[ServerSummary]) -> Markup {
    let newest_first = job.history.iter().enumerate().rev();
    html! {
        ol.timeline reversed {
            @for (index, entry) in newest_first {
                @let before = index.checked_sub(1).map(|at| &job.history[at]);
                (card(visit, (index, entry), before, servers))
            }
        }
    }
}

fn card(
    visit: &Visit,
    (index, entry): (usize, &HistoryEntry),
    before: Option<&HistoryEntry>,
    servers: &[ServerSummary],
) -> Markup {
    html! {
        li.card.(state::tone(entry.state)) data-key=(index) {
            div.card-head {
                (state::badge(entry.state))
                @if let Some(before) = before {
                    span.muted { (before_it(before, entry)) }
                }
                span.when { (time::relative(entry.at, visit.now)) }
            }
            @if let Some(reason) = &entry.reason { p.reason { (linked::jobs(visit, reason)) } }
            @if let Some(error) = &entry.error {
                (error_report::whole(error, entry.state == JobState::Failed && before.is_none()))
            }
            dl.pairs {
                (pair("At", &time::exact(entry.at)))
                @for (name, value) in &entry.facts { (fact(visit, name, value, servers)) }
            }
        }
    }
}

/// How long the state before took, in the words for that state.
fn before_it(before: &HistoryEntry, entry: &HistoryEntry) -> String {
    let length = time::words(time::between(before.at, entry.at));
    match before.state {
        JobState::Enqueued => format!("waited {length}"),
        JobState::Scheduled => format!("scheduled for {length}"),
        JobState::Awaiting => format!("awaited others for {length}"),
        JobState::Processing => format!("ran {length}"),
        JobState::Succeeded | JobState::Failed | JobState::Deleted => {
            format!("{length} after {}", before.state)
        }
    }
}

fn fact(visit: &Visit, name: &str, value: &Value, servers: &[ServerSummary]) -> Markup {
    match (name, value) {
        // It has a section of its own, digit for digit.
        ("Result", _) => html! {},
        ("ServerId", Value::String(id)) => pair("Server", &server(visit, id, servers)),
        ("EnqueueAt", Value::String(at)) => match at.parse() {
            Ok(at) => pair("Due", &time::exact(at)),
            Err(_) => pair("Due", &html! { (at) }),
        },
        ("DurationMs", Value::Number(length)) => match length.as_u64() {
            Some(length) => {
                let length = std::time::Duration::from_millis(length);
                pair("Took", &html! { (time::words(length)) })
            }
            None => pair("Took", &html! { (length) " ms" }),
        },
        (name, Value::String(text)) => pair(name, &html! { span.mono { (text) } }),
        (name, value) => pair(name, &html! { span.mono { (value) } }),
    }
}

fn server(visit: &Visit, id: &str, servers: &[ServerSummary]) -> Markup {
    let known = servers.iter().find(|server| server.id.to_string() == id);
    html! {
        @if let Some(server) = known {
            a.mono href=(visit.url("/servers")) { (server.name) }
        } @else {
            span.mono title=(id) { (short_id(id)) } " "
            span.muted { "(not running any more)" }
        }
    }
}
