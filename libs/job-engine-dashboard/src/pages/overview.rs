use axum::extract::State;
use job_engine::State as JobState;
use job_engine::storage::{Counts, JobQuery, JobSummary};
use maud::{Markup, html};

use super::{head, job_link};
use crate::Shared;
use crate::diagnosis::{Gravity, Situation};
use crate::filters::Filters;
use crate::html::{error_report, icon, number, time};
use crate::lists::List;
use crate::page::{Page, PageError};
use crate::pages::{queues, servers};
use crate::visit::Visit;

/// Among how many of the newest failures alike ones are put together.
const FAILURES_READ: usize = 100;

/// How many kinds of failures are shown.
const FAILURES_SHOWN: usize = 5;

/// Failures of one kind of job with one message.
struct Failures<'a> {
    newest: &'a JobSummary,
    count: usize,
}

pub(crate) async fn show(State(shared): State<Shared>, visit: Visit) -> Result<Page, PageError> {
    let counts = match &visit.counts {
        Some(counts) => counts.clone(),
        None => shared.storage.counts().await?,
    };
    let queues = shared.storage.queues().await?;
    let servers = shared.storage.servers().await?;
    let failed = shared
        .storage
        .jobs(&JobQuery {
            state: Some(JobState::Failed),
            limit: FAILURES_READ,
            ..JobQuery::default()
        })
        .await?;

    let situation = Situation {
        now: visit.now,
        options: &visit.options,
        counts: &counts,
        queues: &queues,
        servers: &servers,
    };
    let about = "Whether all is well with the background jobs, and if not, what is wrong.";
    let body = html! {
        (head("Overview", about, &html! {}))
        (health(&visit, &situation))
        (counters(&visit, &counts))
        section aria-labelledby="failures" {
            h2 #failures { "Newest failures" }
            (failures(&visit, &failed.jobs))
        }
        section aria-labelledby="queues" {
            h2 #queues { "Queues" }
            (queues::queue_table(&visit, &queues, &servers))
        }
        section aria-labelledby="servers" {
            h2 #servers { "Servers" }
            (servers::server_table(&visit, &servers))
        }
    };
    Ok(Page::ok("Overview", body))
}

fn health(visit: &Visit, situation: &Situation<'_>) -> Markup {
    let findings = situation.findings();
    let (tone, words) = match findings.first().map(|finding| finding.gravity) {
        None => ("success", "All is well"),
        Some(Gravity::Warning) => ("warning", "Working, with something to watch"),
        Some(Gravity::Trouble) => ("danger", "Something needs you"),
    };
    html! {
        section class={ "health " (tone) } aria-labelledby="health" {
            h2 #health {
                @if findings.is_empty() { (icon::SUCCEEDED) } @else { (icon::WARNING) }
                (words)
            }
            @if findings.is_empty() {
                p { "Nothing was given up, nothing waits too long, and every server is alive." }
            }
            ul {
                @for finding in &findings {
                    li data-key=(finding.words) {
                        span { (finding.words) }
                        a href=(visit.url(&finding.path)) { (finding.link) }
                    }
                }
            }
        }
    }
}

fn counters(visit: &Visit, counts: &Counts) -> Markup {
    html! {
        ul.counters aria-label="Jobs by state" {
            @for list in List::ALL.into_iter().filter(|list| *list != List::All) {
                @let count = list.count(counts);
                li {
                    a.counter href=(visit.url(&list.path())) {
                        span class={ "badge " (if count == 0 { "neutral" } else { list.tone() }) } {
                            (list.icon()) (list.title())
                        }
                        strong { (number(count)) }
                    }
                }
            }
        }
    }
}

fn failures(visit: &Visit, failed: &[JobSummary]) -> Markup {
    if failed.is_empty() {
        return html! { p.empty { "Nothing was given up. The dead letter queue is empty." } };
    }

    let groups = grouped(failed);
    html! {
        ul.failures {
            @for group in groups.iter().take(FAILURES_SHOWN) { (failure(visit, group)) }
        }
        @if groups.len() > FAILURES_SHOWN || failed.len() == FAILURES_READ {
            p.more { a href=(visit.url("/jobs/failed")) { "All failed jobs" } }
        }
    }
}

fn failure(visit: &Visit, group: &Failures<'_>) -> Markup {
    let job = group.newest;
    let filters = Filters::of_kind(&job.kind);
    html! {
        li data-key=(job.id) {
            div {
                (job_link(visit, &job.id.to_string(), &job.kind))
                p.error-line { (message(job)) }
            }
            @if group.count > 1 {
                a.times href=(visit.url(&filters.address("/jobs/failed"))) {
                    (group.count) " alike"
                }
            }
            span.muted { (time::relative(job.changed_at, visit.now)) }
        }
    }
}

/// Failures with the same kind and message together, in the order of their newest.
fn grouped(failed: &[JobSummary]) -> Vec<Failures<'_>> {
    let mut groups: Vec<Failures<'_>> = Vec::new();
    for job in failed {
        let alike = |group: &&mut Failures<'_>| {
            group.newest.kind == job.kind && message(group.newest) == message(job)
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.count += 1,
            None => groups.push(Failures {
                newest: job,
                count: 1,
            }),
        }
    }

    groups
}

fn message(job: &JobSummary) -> &str {
    match (&job.error, &job.reason) {
        (Some(error), _) => error_report::first_line(error),
        (None, Some(reason)) => reason,
        (None, None) => "No error was recorded",
    }
}
