mod limits;
pub(crate) mod one;

use axum::extract::State;
use job_engine::storage::{QueueSummary, ServerSummary};
use maud::{Markup, html};

use super::head;
use crate::Shared;
use crate::addresses;
use crate::filters::Filters;
use crate::html::state::marked;
use crate::html::table::{Column, cell, column, table};
use crate::html::{icon, number, time};
use crate::page::{Page, PageError};
use crate::visit::Visit;

const COLUMNS: [Column; 5] = [
    column("Queue", "wide"),
    column("Waiting", "number"),
    column("Running", "number"),
    column("Oldest waits for", "time"),
    column("Taken by", ""),
];

pub(crate) async fn show(State(shared): State<Shared>, visit: Visit) -> Result<Page, PageError> {
    let queues = shared.storage.queues().await?;
    let servers = shared.storage.servers().await?;
    let limits = shared.storage.limits().await?;

    let about = "Where jobs wait for a worker. A queue appears with its first job.";
    let body = html! {
        (head("Queues", about, &html! {}))
        (queue_table(&visit, &queues, &servers))
        (limits::of_keys(&visit, &limits))
    };
    Ok(Page::ok("Queues", body))
}

/// The table of queues, for the overview as well.
pub(crate) fn queue_table(
    visit: &Visit,
    queues: &[QueueSummary],
    servers: &[ServerSummary],
) -> Markup {
    if queues.is_empty() {
        return html! { p.empty { "No job has been enqueued yet, so there is no queue." } };
    }

    let rows = html! { @for queue in queues { (row(visit, queue, servers)) } };
    table("Queues", &COLUMNS, &rows)
}

fn row(visit: &Visit, queue: &QueueSummary, servers: &[ServerSummary]) -> Markup {
    let [name, waiting, running, oldest, taken_by] = &COLUMNS;
    let filters = Filters::of_queue(&queue.name);
    let at_once = queue.limit.and_then(|limit| limit.at_once);
    html! {
        tr data-key=(queue.name) {
            (cell(name, &html! {
                a.mono.name href=(visit.url(&addresses::queue(&queue.name))) { (queue.name) }
                @if queue.paused.is_some() { " " (marked("warning", icon::PAUSED, "Paused")) }
            }))
            (cell(waiting, &html! {
                a href=(visit.url(&filters.address("/jobs/enqueued"))) { (number(queue.enqueued)) }
            }))
            (cell(running, &html! {
                a href=(visit.url(&filters.address("/jobs/processing"))) {
                    (number(queue.processing))
                    @if let Some(most) = at_once { " of " (most) }
                }
            }))
            (cell(oldest, &oldest_wait(visit, queue)))
            (cell(taken_by, &takers(visit, queue, servers)))
        }
    }
}

fn oldest_wait(visit: &Visit, queue: &QueueSummary) -> Markup {
    let Some(at) = queue.oldest_enqueued_at else {
        return html! { span.muted { "–" } };
    };

    let slow = time::between(at, visit.now) >= visit.options.slow_queue_after;
    html! {
        span.late[slow] { (time::since(at, visit.now)) @if slow { " (slow)" } }
    }
}

fn takers(visit: &Visit, queue: &QueueSummary, servers: &[ServerSummary]) -> Markup {
    let takes = |server: &&ServerSummary| {
        server.takes(&queue.name, visit.now, visit.options.server_timeout)
    };
    match servers.iter().filter(takes).count() {
        0 => html! { span.late { "No server" } },
        1 => html! { "1 server" },
        n => html! { (n) " servers" },
    }
}
