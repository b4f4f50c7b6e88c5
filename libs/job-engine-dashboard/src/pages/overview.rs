use axum::extract::{Query, State};
use job_engine::storage::Counts;
use maud::{Markup, html};
use serde::Deserialize;

use super::head;
use crate::Shared;
use crate::diagnosis::{Gravity, Situation};
use crate::html::chart::{self, Period};
use crate::html::{icon, number};
use crate::lists::List;
use crate::page::{Page, PageError};
use crate::pages::{errors, queues, servers};
use crate::visit::Visit;

/// How many groups of errors are shown.
const ERRORS_SHOWN: usize = 5;

/// How many of the running jobs are shown.
const RUNNING_SHOWN: usize = 20;

/// With a longer backlog the page of the servers alone tells what they run: PostgreSQL finds that among
/// what waits.
const SHORT_BACKLOG: u64 = 20_000;

/// By name, because a page may have other parameters.
#[derive(Deserialize)]
pub(crate) struct Asked {
    period: Option<String>,
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    visit: Visit,
    Query(Asked { period }): Query<Asked>,
) -> Result<Page, PageError> {
    let period = period
        .as_deref()
        .and_then(Period::parse)
        .unwrap_or(Period::Hour);
    let counts = match &visit.counts {
        Some(counts) => counts.clone(),
        None => shared.storage.counts().await?,
    };
    let queues = shared.storage.queues().await?;
    let servers = shared.storage.servers().await?;
    let errors = shared.storage.error_groups(ERRORS_SHOWN).await?;
    let since = period.since(visit.now);
    let spans = shared
        .storage
        .throughput(period.resolution(), since)
        .await?;

    let running = if counts.enqueued <= SHORT_BACKLOG {
        Some(servers::running(&shared, RUNNING_SHOWN).await?)
    } else {
        None
    };

    let alive_within = visit.options.server_timeout;
    let unknown_kinds = shared.storage.unknown_kinds(alive_within).await?;

    let situation = Situation {
        now: visit.now,
        options: &visit.options,
        counts: &counts,
        queues: &queues,
        servers: &servers,
        unknown_kinds: &unknown_kinds,
    };
    let about = "Whether all is well with the background jobs, and if not, what is wrong.";
    let body = html! {
        (head("Overview", about, &html! {}))
        (health(&visit, &situation))
        (counters(&visit, &counts))
        section aria-labelledby="throughput" {
            h2 #throughput { "Throughput" }
            (chart::throughput(&visit, period, &spans))
        }
        section aria-labelledby="errors" {
            h2 #errors { "Newest errors" }
            (errors::newest(&visit, &errors, ERRORS_SHOWN))
        }
        section aria-labelledby="queues" {
            h2 #queues { "Queues" }
            (queues::queue_table(&visit, &queues, &servers))
        }
        section aria-labelledby="servers" {
            h2 #servers { "Servers" }
            (servers::server_table(&visit, &servers))
        }
        @if let Some(running) = &running {
            (servers::running_on_each(&visit, &servers, running))
        } @else {
            p { a href=(visit.url("/servers")) { "What each of them is running now" } }
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
