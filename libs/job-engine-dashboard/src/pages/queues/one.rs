use axum::extract::{Path, State};
use jiff::SignedDuration;
use job_engine::State as JobState;
use job_engine::storage::{JobQuery, QueueSummary, ServerSummary, Test, TimeRange};
use maud::{Markup, html};
use serde::Deserialize;

use super::{limits, oldest_wait};
use crate::Shared;
use crate::access::Permission;
use crate::actions::QueueAction;
use crate::filters::Filters;
use crate::html::navigation::hidden_token;
use crate::html::{icon, number, pair, time};
use crate::page::{Page, PageError};
use crate::visit::Visit;

/// How many ends of jobs are counted.
const MOST_COUNTED: u64 = 10_000;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    queue: String,
}

/// What ended in the last hour.
struct LastHour {
    succeeded: u64,
    failed: u64,
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    visit: Visit,
    Path(Named { queue: name }): Path<Named>,
) -> Result<Page, PageError> {
    let queues = shared.storage.queues().await?;
    let queue = queues.into_iter().find(|queue| queue.name == name);
    let queue = queue.ok_or_else(|| unknown(&name))?;
    let servers = shared.storage.servers().await?;
    let last_hour = LastHour {
        succeeded: ended(&shared, &visit, &name, JobState::Succeeded).await?,
        failed: ended(&shared, &visit, &name, JobState::Failed).await?,
    };

    let body = html! {
        (title(&visit, &queue))
        (standing(&visit, &queue))
        div.job {
            div { (numbers(&visit, &queue, &last_hour)) }
            div.facts { (takers(&visit, &queue, &servers)) }
        }
        (own_limit(&visit, &queue))
    };
    Ok(Page::ok(format!("Queue {name}"), body))
}

fn unknown(name: &str) -> PageError {
    PageError::NotFound(format!(
        "There is no queue “{name}”. A queue appears with its first job."
    ))
}

async fn ended(
    shared: &Shared,
    visit: &Visit,
    queue: &str,
    state: JobState,
) -> Result<u64, PageError> {
    let since = TimeRange {
        from: Some(visit.now - SignedDuration::from_hours(1)),
        until: None,
    };
    let query = JobQuery {
        state: Some(state),
        queue: Some(queue.to_owned()),
        conditions: vec![Test::Changed(since).holds()],
        ..JobQuery::default()
    };
    Ok(shared.storage.count(&query, MOST_COUNTED + 1).await?)
}

fn title(visit: &Visit, queue: &QueueSummary) -> Markup {
    html! {
        p.trail { a href=(visit.url("/queues")) { (icon::BACK) "Queues" } }
        header.page-head {
            div {
                h1.mono { (queue.name) }
                p.about { "A queue: where jobs wait for a worker." }
            }
            (pause_form(visit, queue))
        }
    }
}

fn pause_form(visit: &Visit, queue: &QueueSummary) -> Markup {
    if !visit.viewer.may(Permission::ManageQueues) {
        return html! {};
    }

    let action = if queue.paused.is_some() {
        QueueAction::Resume
    } else {
        QueueAction::Pause
    };
    html! {
        form.actions method="post" action=(visit.url(&action.path())) {
            (hidden_token(visit))
            input type="hidden" name="queue" value=(queue.name);
            @if action == QueueAction::Resume {
                button.act { "Resume" }
            } @else {
                span.together {
                    input type="text" name="reason" required maxlength="200"
                        placeholder="Why? (for the pause)" aria-label="Reason for the pause"
                        autocomplete="off";
                    button.act
                        title="Nothing more is taken from it until it is resumed; what runs goes on" {
                        "Pause"
                    }
                }
            }
        }
    }
}

fn standing(visit: &Visit, queue: &QueueSummary) -> Markup {
    let Some(pause) = &queue.paused else {
        return html! {};
    };
    html! {
        p.why.warning {
            "Paused by " (pause.by) " " (time::relative(pause.since, visit.now))
            @if pause.reason.is_empty() { "." } @else { ": " (pause.reason) }
        }
    }
}

fn numbers(visit: &Visit, queue: &QueueSummary, last_hour: &LastHour) -> Markup {
    let filters = Filters::of_queue(&queue.name);
    let jobs = |list: &str, n: u64| {
        html! { a href=(visit.url(&filters.address(list))) { (number(n)) } }
    };
    html! {
        section aria-labelledby="numbers" {
            h2 #numbers { "Jobs" }
            dl.pairs.wide-names {
                (pair("Waiting", &jobs("/jobs/enqueued", queue.enqueued)))
                (pair("Oldest waits for", &oldest_wait(visit, queue)))
                (pair("Running", &jobs("/jobs/processing", queue.processing)))
                (pair("Done in the last hour", &html! { (counted(last_hour.succeeded)) }))
                (pair("Given up in the last hour", &html! { (counted(last_hour.failed)) }))
            }
        }
    }
}

fn counted(n: u64) -> String {
    if n > MOST_COUNTED {
        return format!("more than {}", number(MOST_COUNTED));
    }
    number(n)
}

fn takers(visit: &Visit, queue: &QueueSummary, servers: &[ServerSummary]) -> Markup {
    let takes = |server: &&ServerSummary| {
        server.takes(&queue.name, visit.now, visit.options.server_timeout)
    };
    let servers: Vec<&ServerSummary> = servers.iter().filter(takes).collect();
    html! {
        section aria-labelledby="takers" {
            h2 #takers { "Taken by" }
            @if servers.is_empty() {
                p.late { "No running server takes jobs from this queue." }
            } @else {
                ul {
                    @for server in servers {
                        li data-key=(server.id) {
                            a.mono href=(visit.url("/servers")) { (server.name) }
                            " " span.muted { (server.processing) " of " (server.workers) " workers busy" }
                        }
                    }
                }
            }
        }
    }
}

fn own_limit(visit: &Visit, queue: &QueueSummary) -> Markup {
    html! {
        section aria-labelledby="limit" {
            h2 #limit { "Limit" }
            p {
                @match queue.limit {
                    Some(now) => { "Over all servers together: " (now) "." },
                    None => "None: every free worker takes from it.",
                }
            }
            @if visit.viewer.may(Permission::ManageQueues) {
                details.change {
                    summary { "Change the limit" }
                    (limits::queue_form(visit, &queue.name, queue.limit))
                }
            }
        }
    }
}
