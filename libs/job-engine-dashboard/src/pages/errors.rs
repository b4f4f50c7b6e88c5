use axum::extract::State;
use job_engine::storage::ErrorGroup;
use maud::{Markup, html};

use super::head;
use crate::Shared;
use crate::actions::Action;
use crate::filters::Filters;
use crate::html::job_actions::class_of;
use crate::html::{copy_button, error_report, icon, jobs, number, time};
use crate::lists::List;
use crate::page::{Page, PageError};
use crate::pages::operations;
use crate::search::written;
use crate::visit::Visit;

/// How many groups are shown.
const MOST_GROUPS: usize = 200;

pub(crate) async fn show(State(shared): State<Shared>, visit: Visit) -> Result<Page, PageError> {
    let groups = shared.storage.error_groups(MOST_GROUPS).await?;

    let about = "The failed jobs, put together by kind and message. Decide about a whole group at \
                 once.";
    let body = html! {
        (head("Errors", about, &html! {}))
        @if groups.is_empty() {
            p.empty { "Nothing was given up. The dead letter queue is empty." }
        } @else {
            ul.groups { @for group in &groups { (card(&visit, group)) } }
        }
        @if groups.len() == MOST_GROUPS {
            p.more { "The newest " (MOST_GROUPS) " groups are shown." }
        }
    };
    Ok(Page::ok("Errors", body))
}

fn card(visit: &Visit, group: &ErrorGroup) -> Markup {
    let filters = Filters::of_error(group);
    let list = List::In(job_engine::State::Failed);
    html! {
        li.group data-key={ (group.kind) "-" (group.group) } {
            div.group-head {
                h2 { a.kind href=(visit.url(&filters.address(&list.path()))) { (group.kind) } }
                span.times { (icon::FAILED) (jobs(group.jobs)) }
                span.muted { "last " (time::relative(group.last_at, visit.now)) }
            }
            p.error-message { (error_report::first_line(&group.error)) }
            div.group-foot {
                p.muted {
                    "of type " code { (group.error.kind) }
                    (copy_button(&group.error.message, "message"))
                    " · first " (time::relative(group.first_at, visit.now))
                    @if group.failures > group.jobs {
                        " · " (number(group.failures)) " times altogether"
                    }
                }
                div.actions {
                    @for action in [Action::Requeue, Action::Delete] {
                        @if visit.viewer.may(action.permission()) {
                            a class={ "button " (class_of(action)) }
                                href=(visit.url(&operations::address(action, list, &filters))) {
                                (action.verb()) " " (jobs(group.jobs))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The newest groups, for the overview.
pub(crate) fn newest(visit: &Visit, groups: &[ErrorGroup], shown: usize) -> Markup {
    if groups.is_empty() {
        return html! { p.empty { "Nothing was given up. The dead letter queue is empty." } };
    }

    html! {
        ul.failures {
            @for group in groups.iter().take(shown) {
                @let address = Filters::of_error(group).address("/jobs/failed");
                li data-key={ (group.kind) "-" (group.group) } {
                    div {
                        a.kind href=(visit.url(&address)) { (group.kind) }
                        p.error-line { (error_report::first_line(&group.error)) }
                    }
                    span.times { (jobs(group.jobs)) }
                    span.muted { (time::relative(group.last_at, visit.now)) }
                }
            }
        }
        p.more { a href=(visit.url("/errors")) { "All errors" } }
    }
}

impl Filters {
    /// The failed jobs of a group.
    fn of_error(group: &ErrorGroup) -> Self {
        let kind = written("kind", &group.kind);
        Self {
            search: Some(format!("{kind} group:{}", group.group)),
            ..Self::default()
        }
    }
}
