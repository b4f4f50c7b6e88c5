use axum::extract::{Path, State};
use job_engine::JobId;
use job_engine::State as JobState;
use job_engine::storage::{HistoryEntry, JobDetails, JobSummary, Origin, RunCause, ServerSummary};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use crate::Shared;
use crate::diagnosis::{Situation, held_up};
use crate::filters::Filters;
use crate::html::{
    copy_button, error_report, icon, job_actions, json, number, short_id, state, time,
};
use crate::lists::List;
use crate::page::{Page, PageError};
use crate::visit::Visit;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    job: String,
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    visit: Visit,
    Path(Named { job: id }): Path<Named>,
) -> Result<Page, PageError> {
    let parsed = id.parse().map(JobId).map_err(|_| unknown(&id))?;
    let job = shared
        .storage
        .job(parsed)
        .await?
        .ok_or_else(|| unknown(&id))?;
    let queues = shared.storage.queues().await?;
    let servers = shared.storage.servers().await?;

    let situation = Situation {
        now: visit.now,
        options: &visit.options,
        counts: &visit.counts.clone().unwrap_or_default(),
        queues: &queues,
        servers: &servers,
        unknown_kinds: &[],
    };
    let summary = &job.summary;
    let hold_ups = shared.storage.hold_ups(parsed).await?;
    let why = held_up(&hold_ups).unwrap_or_else(|| situation.why(summary));
    let body = html! {
        (title(&visit, summary))
        p class={ "why " (state::tone_of(summary)) } { (why) }
        div.job {
            section.history aria-labelledby="history" {
                h2 #history { "History" }
                (history(&visit, &job, &servers))
            }
            div.facts {
                (facts(&visit, summary, job.origin.as_ref()))
                (text_section("Arguments", "arguments", &summary.arguments))
                @if let Some(result) = &job.result { (text_section("Result", "result", result)) }
            }
        }
    };
    let title = format!("{} {}", summary.kind, short_id(&id));
    Ok(Page::ok(title, body))
}

pub(crate) fn unknown(id: &str) -> PageError {
    PageError::NotFound(format!(
        "There is no job with the id “{id}”. Jobs that succeeded or were deleted are removed when \
         their retention has passed."
    ))
}

fn title(visit: &Visit, job: &JobSummary) -> Markup {
    let id = job.id.to_string();
    let list = if state::is_retry(job) {
        List::Retries
    } else {
        List::In(job.state)
    };
    html! {
        p.trail { a href=(visit.url(&list.path())) { (icon::BACK) (list.title()) } }
        header.page-head {
            div {
                h1.mono { (job.kind) }
                p.about {
                    (state::badge_of(job))
                    span.mono.id { (id) }
                    (copy_button(&id, "id"))
                }
            }
            (job_actions::of_job(visit, job))
        }
    }
}

fn facts(visit: &Visit, job: &JobSummary, origin: Option<&Origin>) -> Markup {
    let same_kind = Filters::of_kind(&job.kind);
    html! {
        section aria-labelledby="facts" {
            h2 #facts { "Job" }
            dl.pairs {
                (pair("Queue", &html! { span.mono { (job.queue) } }))
                @if job.priority != 0 { (pair("Priority", &html! { (job.priority) })) }
                @if let Some(tenant) = &job.tenant { (pair("Tenant", &html! { (tenant) })) }
                @if !job.tags.is_empty() { (pair("Tags", &html! { (job.tags.join(", ")) })) }
                @if let Some(origin) = origin { (pair("Recurring", &recurring(visit, origin))) }
                @if let Some(batch) = job.batch { (pair("Batch", &html! { span.mono { (batch) } })) }
                (pair("Attempts", &html! { (number(u64::from(job.attempts))) }))
                @if job.abandoned > 0 {
                    (pair("Crashes", &html! { (job.abandoned) " (its process died while it ran)" }))
                }
                (pair("Created", &time::exact(job.created_at)))
                @if let Some(due) = job.due_at { (pair("Due", &time::exact(due))) }
                @if let Some(took) = job.duration { (pair("Took", &html! { (time::words(took)) })) }
                (pair("Others", &html! {
                    a href=(visit.url(&same_kind.address("/jobs"))) { "All of this kind" }
                }))
            }
        }
    }
}

/// The recurring job that created it, and for which occurrence.
fn recurring(visit: &Visit, origin: &Origin) -> Markup {
    let path = super::recurring::one::path(&origin.recurring_job);
    html! {
        a href=(visit.url(&path)) { (origin.recurring_job) }
        @match origin.cause {
            RunCause::RunNow => " (asked for)",
            _ => { " for " (time::exact(origin.at)) }
        }
    }
}

fn text_section(title: &str, id: &str, text: &str) -> Markup {
    html! {
        section aria-labelledby=(id) {
            div.section-head { h2 id=(id) { (title) } (copy_button(text, id)) }
            pre.json tabindex="0" aria-labelledby=(id) { (json::pretty(text)) }
        }
    }
}

fn history(visit: &Visit, job: &JobDetails, servers: &[ServerSummary]) -> Markup {
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
            @if let Some(reason) = &entry.reason { p.reason { (reason) } }
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

fn pair(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}
