//! What stands around the rows: the filters, the help, and the way to other pages.

use job_engine::storage::Page as JobPage;
use maud::{Markup, html};

use crate::filters::{Filters, PAGE_SIZES};
use crate::lists::List;
use crate::search::HELP;
use crate::visit::Visit;

pub(super) fn filter_row(
    visit: &Visit,
    list: List,
    filters: &Filters,
    queues: &[String],
    total: Option<&str>,
) -> Markup {
    html! {
        form.filters method="get" action=(visit.url(&list.path())) aria-label="Filter" {
            label { "Queue"
                select name="queue" {
                    option value="" { "All" }
                    @for queue in queues {
                        option value=(queue) selected[filters.queue.as_ref() == Some(queue)] { (queue) }
                    }
                }
            }
            label.search { "Search"
                input type="search" name="q" value=[filters.search.as_deref()]
                    placeholder="kind:send_email error:timeout created:<2h" autocomplete="off"
                    autocapitalize="none" spellcheck="false" data-search;
            }
            @if let Some(rows) = filters.rows { input type="hidden" name="rows" value=(rows); }
            button { "Show" }
            @if filters.is_filtering() { a.button.quiet href=(visit.url(&list.path())) { "Clear" } }
            @if let Some(total) = total { p.total { (total) } }
        }
        (search_help(false))
    }
}

/// What can be written into the search box; without a script as well.
pub(super) fn search_help(open: bool) -> Markup {
    html! {
        details.search-help open[open] data-key="search-help" {
            summary { "How to search" }
            dl {
                @for (example, meaning) in HELP {
                    div { dt { code { (example) } } dd { (meaning) } }
                }
            }
        }
    }
}

/// An empty list says why it is empty.
pub(super) fn nothing(visit: &Visit, list: List, filters: &Filters, queues: &[String]) -> Markup {
    let unknown_queue = filters
        .queue
        .as_ref()
        .filter(|queue| !queues.contains(queue));
    html! {
        div.empty {
            @if let Some(queue) = unknown_queue {
                p { "There is no queue called “" (queue) "”." }
            } @else if filters.is_filtering() {
                p { "No job here matches." }
                p { a href=(visit.url(&list.path())) { "Show all of them" } }
            } @else if filters.after.is_some() {
                p { "There are no further jobs." }
                p { a href=(visit.url(&list.path())) { "First page" } }
            } @else {
                p { (list.when_empty()) }
            }
        }
    }
}

pub(super) fn pager(visit: &Visit, list: List, filters: &Filters, page: &JobPage) -> Markup {
    let first = filters.on_page(None);
    let next = page.next.map(|cursor| filters.on_page(Some(cursor)));
    html! {
        @if filters.after.is_some() || next.is_some() || filters.rows.is_some() {
            nav.pager aria-label="Pages" {
                p.sizes {
                    span { "Rows" }
                    @for rows in PAGE_SIZES {
                        @let address = filters.with_rows(rows).address(&list.path());
                        a href=(visit.url(&address)) aria-label={ (rows) " rows on a page" }
                            aria-current=[(filters.rows() == rows).then_some("true")] { (rows) }
                    }
                }
                @if filters.after.is_some() {
                    a.button href=(visit.url(&first.address(&list.path()))) { "First page" }
                }
                @if let Some(next) = next {
                    a.button rel="next" href=(visit.url(&next.address(&list.path()))) { "Older" }
                }
            }
        }
    }
}
