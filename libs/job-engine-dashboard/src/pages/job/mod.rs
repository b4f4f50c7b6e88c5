mod history;
pub(crate) mod relatives;
mod run;

use axum::extract::{Path, Query, State};
use job_engine::JobId;
use job_engine::storage::{JobDetails, JobSummary, Origin, RunCause};
use job_engine::trace::trace_id;
use maud::{Markup, html};
use serde::Deserialize;

use crate::Shared;
use crate::addresses;
use crate::filters::Filters;
use crate::html::{
    copy_button, icon, job_actions, json, linked, number, pair, short_id, state, time,
};
use crate::lists::List;
use crate::page::{Page, PageError};
use crate::relatives::Relatives;
use crate::search::written;
use crate::visit::Visit;

use run::Run;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    job: String,
}

/// By name, because a page may have other parameters.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// The number of the last log line of the part before.
    log: Option<u64>,
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    visit: Visit,
    Path(Named { job: id }): Path<Named>,
    Query(Asked { log }): Query<Asked>,
) -> Result<Page, PageError> {
    let parsed = id.parse().map(JobId).map_err(|_| unknown(&id))?;
    let job = shared
        .storage
        .job(parsed)
        .await?
        .ok_or_else(|| unknown(&id))?;
    let servers = shared.storage.servers().await?;
    let summary = &job.summary;
    let alive_within = visit.options.server_timeout;
    let why = shared.storage.why(summary, alive_within).await?;
    let run = Run::of(&shared, parsed, log.unwrap_or_default()).await?;
    let relatives = Relatives::of(&*shared.storage, summary, relatives::MOST_ASKED).await?;
    let body = html! {
        (title(&visit, summary))
        p class={ "why " (state::tone_of(summary)) } { (linked::jobs(&visit, &why)) }
        div.job {
            section.history aria-labelledby="history" {
                h2 #history { "History" }
                (history::history(&visit, &job, &servers))
            }
            div.facts {
                (run.section(&visit, summary))
                (facts(&visit, &job))
                (relatives::section(&visit, &relatives))
                (text_section("Arguments", "arguments", &visit.arguments(&summary.kind, &summary.arguments)))
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

fn facts(visit: &Visit, details: &JobDetails) -> Markup {
    let job = &details.summary;
    let same_kind = Filters::of_kind(&job.kind);
    let trace = details.trace.as_deref().and_then(trace_id);
    html! {
        section aria-labelledby="facts" {
            h2 #facts { "Job" }
            dl.pairs {
                (pair("Queue", &html! {
                    a.mono href=(visit.url(&addresses::queue(&job.queue))) { (job.queue) }
                }))
                @if job.priority != 0 { (pair("Priority", &html! { (job.priority) })) }
                @if let Some(tenant) = &job.tenant {
                    (pair("Tenant", &found_by(visit, "tenant", tenant, tenant)))
                }
                @if !job.tags.is_empty() {
                    (pair("Tags", &html! { span.tags {
                        @for tag in &job.tags { (found_by(visit, "tag", tag, tag)) }
                    } }))
                }
                @if let Some(trace) = trace { (pair("Trace", &trace_link(visit, trace))) }
                @if let Some(origin) = &details.origin { (pair("Recurring", &recurring(visit, origin))) }
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

/// What leads to all jobs that have this in common.
fn found_by(visit: &Visit, field: &str, value: &str, words: &str) -> Markup {
    let filters = Filters {
        search: Some(written(field, value)),
        ..Filters::default()
    };
    html! { a href=(visit.url(&filters.address("/jobs"))) { (words) } }
}

fn trace_link(visit: &Visit, id: &str) -> Markup {
    html! { span.mono { (found_by(visit, "trace", id, id)) } (copy_button(id, "trace id")) }
}

/// The recurring job that created it, and for which occurrence.
fn recurring(visit: &Visit, origin: &Origin) -> Markup {
    let path = addresses::recurring_job(&origin.recurring_job);
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
