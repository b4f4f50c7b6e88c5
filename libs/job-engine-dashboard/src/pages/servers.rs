use std::collections::HashMap;

use axum::extract::State;
use job_engine::ServerId;
use job_engine::State as JobState;
use job_engine::storage::{
    JobQuery, JobSummary, Page as RunningJobs, ServerOrder, ServerSummary, StorageError,
};
use maud::{Markup, html};

use super::{head, job_link};
use crate::Shared;
use crate::access::Permission;
use crate::actions::ServerAction;
use crate::html::icon::Icon;
use crate::html::navigation::hidden_token;
use crate::html::state::marked;
use crate::html::table::{Column, cell, column, table};
use crate::html::{icon, jobs, number, sign_or_words, time};
use crate::page::{Page, PageError};
use crate::visit::Visit;

/// Of how many running jobs it is said which server runs them.
const RUNNING_SHOWN: usize = 200;

const COLUMNS: [Column; 6] = [
    column("Server", "wide"),
    column("State", ""),
    column("Takes from", "names"),
    column("Workers busy", "busy-column"),
    column("Heartbeat", "time"),
    column("", "row-actions"),
];

pub(crate) async fn show(State(shared): State<Shared>, visit: Visit) -> Result<Page, PageError> {
    let servers = shared.storage.servers().await?;
    let running = running(&shared, RUNNING_SHOWN).await?;

    let about = "The processes that run jobs, and what each one is running now.";
    let body = html! {
        (head("Servers", about, &html! {}))
        (server_table(&visit, &servers))
        (running_on_each(&visit, &servers, &running))
    };
    Ok(Page::ok("Servers", body))
}

/// The newest jobs that run.
pub(crate) async fn running(shared: &Shared, most: usize) -> Result<RunningJobs, StorageError> {
    let query = JobQuery {
        state: Some(JobState::Processing),
        limit: most,
        ..JobQuery::default()
    };
    shared.storage.jobs(&query).await
}

/// What each server is running now, for the overview as well.
pub(crate) fn running_on_each(
    visit: &Visit,
    servers: &[ServerSummary],
    running: &RunningJobs,
) -> Markup {
    let by_server = by_server(&running.jobs);
    html! {
        @for server in servers {
            @if let Some(jobs) = by_server.get(&server.id) { (running_jobs(visit, server, jobs)) }
        }
        @if running.next.is_some() {
            p.muted { "The newest " (running.jobs.len()) " running jobs are shown." }
        }
    }
}

/// The table of servers, for the overview as well.
pub(crate) fn server_table(visit: &Visit, servers: &[ServerSummary]) -> Markup {
    if servers.is_empty() {
        return html! {
            p.empty { "No server is running. Start one, and it appears here within a second." }
        };
    }

    let rows = html! { @for server in servers { (row(visit, server)) } };
    table("Servers", &COLUMNS, &rows)
}

fn row(visit: &Visit, server: &ServerSummary) -> Markup {
    let [name, state, queues, workers, heartbeat, actions] = &COLUMNS;
    let health = match server.order {
        _ if server.is_silent(visit.now, visit.options.server_timeout) => {
            marked("warning", icon::WARNING, "Possibly dead")
        }
        Some(ServerOrder::Stop) => marked("neutral", icon::DELETED, "Stops"),
        Some(ServerOrder::Quiet) => marked("warning", icon::PAUSED, "Quiet"),
        None => marked("success", icon::SUCCEEDED, "Alive"),
    };
    let busy = format!("{} of {}", number(server.processing), server.workers);
    html! {
        tr data-key=(server.id) {
            (cell(name, &html! { span.mono.name { (server.name) } }))
            (cell(state, &html! {
                div {
                    (health)
                    p.muted { "up for " (time::since(server.started_at, visit.now)) }
                }
            }))
            (cell(queues, &html! { (server.queues.join(", ")) }))
            (cell(workers, &html! {
                span.busy {
                    meter min="0" max=(server.workers.max(1)) value=(server.processing)
                        aria-label="Workers busy" {}
                    (busy)
                }
            }))
            (cell(heartbeat, &time::relative(server.heartbeat_at, visit.now)))
            (cell(actions, &buttons(visit, server)))
        }
    }
}

fn buttons(visit: &Visit, server: &ServerSummary) -> Markup {
    let offered = ServerAction::ALL.into_iter();
    let mut offered = offered
        .filter(|action| action.offered_after(server.order))
        .peekable();
    if !visit.viewer.may(Permission::ManageServers) || offered.peek().is_none() {
        return html! {};
    }

    html! {
        form.row-buttons method="post" {
            (hidden_token(visit))
            input type="hidden" name="server" value=(server.id);
            @for action in offered {
                button.act.danger[action == ServerAction::Stop] title=(action.explanation())
                    aria-label={ (action.label()) ": " (server.name) }
                    formaction=(visit.url(&action.path())) {
                        (sign_or_words(icon_of(action), action.label()))
                    }
            }
        }
    }
}

/// Asks before a server is stopped.
pub(crate) fn sure_to_stop(visit: &Visit, server: &ServerSummary) -> Page {
    let title = format!("Stop {}?", server.name);
    let running = jobs(server.processing);
    let about = format!(
        "It takes no more jobs. Of the {running} that it runs now, those that do not end within its \
         grace are handed back and run elsewhere. It can be started again only where it runs."
    );
    let body = html! {
        (head(&title, &about, &html! {}))
        form.sure method="post" action=(visit.url(&ServerAction::Stop.path())) {
            (hidden_token(visit))
            input type="hidden" name="server" value=(server.id);
            input type="hidden" name="sure" value="yes";
            button.act.danger { "Stop it" }
            a.button href=(visit.url("/servers")) { "Let it run" }
        }
    };
    Page::ok(title, body)
}

fn running_jobs(visit: &Visit, server: &ServerSummary, jobs: &[&JobSummary]) -> Markup {
    html! {
        section data-key={ "running-" (server.id) } {
            h2 { "Running on " span.mono { (server.name) } }
            ul.running {
                @for job in jobs {
                    li data-key=(job.id) {
                        (job_link(visit, &job.id.to_string(), &job.kind))
                        span.muted { "attempt " (job.attempts) }
                        span.muted { "for " (time::since(job.changed_at, visit.now)) }
                    }
                }
            }
        }
    }
}

fn by_server(jobs: &[JobSummary]) -> HashMap<ServerId, Vec<&JobSummary>> {
    let mut by_server: HashMap<ServerId, Vec<&JobSummary>> = HashMap::new();
    for job in jobs {
        if let Some(server) = job.server {
            by_server.entry(server).or_default().push(job);
        }
    }

    by_server
}

/// The sign on a button where there is no room for words.
const fn icon_of(action: ServerAction) -> Icon {
    match action {
        ServerAction::Quiet => icon::PAUSED,
        ServerAction::WorkAgain => icon::PROCESSING,
        ServerAction::Stop => icon::STOPPED,
    }
}
