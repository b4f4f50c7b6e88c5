use std::time::Duration;

use axum::extract::State;
use job_engine::storage::KindSummary;
use maud::{Markup, html};

use super::head;
use crate::Shared;
use crate::filters::Filters;
use crate::html::table::{Column, cell, column, table};
use crate::html::{number, time};
use crate::page::{Page, PageError};
use crate::visit::Visit;

const COLUMNS: [Column; 5] = [
    column("Kind", "wide"),
    column("Ended", "number"),
    column("Given up", "number"),
    column("Half within", "number"),
    column("95 % within", "number"),
];

pub(crate) async fn show(State(shared): State<Shared>, visit: Visit) -> Result<Page, PageError> {
    let kinds = shared.storage.kinds().await?;

    let about = "How each kind of job has fared lately: of the newest thousand jobs that succeeded and \
                 the newest thousand that were given up.";
    let body = html! {
        (head("Kinds", about, &html! {}))
        @if kinds.is_empty() {
            p.empty { "No job has ended lately, so nothing is known yet." }
        } @else {
            (table("Kinds of jobs", &COLUMNS, &html! {
                @for kind in &kinds { (row(&visit, kind)) }
            }))
        }
    };
    Ok(Page::ok("Kinds", body))
}

fn row(visit: &Visit, kind: &KindSummary) -> Markup {
    let name = &kind.kind;
    let [name_column, ended, given_up, half, most] = &COLUMNS;
    let jobs = Filters::of_kind(name).address("/jobs");
    let failed = Filters::of_kind(name).address("/jobs/failed");
    html! {
        tr data-key=(name) {
            (cell(name_column, &html! { a.kind href=(visit.url(&jobs)) { (name) } }))
            (cell(ended, &html! { (number(kind.succeeded + kind.failed)) }))
            (cell(given_up, &html! {
                @if kind.failed == 0 {
                    span.muted { "0 %" }
                } @else {
                    a href=(visit.url(&failed)) { (failure_share(kind)) }
                }
            }))
            (cell(half, &duration(kind.half_within)))
            (cell(most, &duration(kind.most_within)))
        }
    }
}

fn duration(length: Option<Duration>) -> Markup {
    html! {
        @match length {
            Some(length) => (time::words(length)),
            None => span.muted { "–" },
        }
    }
}

/// In whole percent, but never 0 when there is any.
fn failure_share(kind: &KindSummary) -> String {
    let percent = kind.failed * 100 / (kind.succeeded + kind.failed).max(1);
    match percent {
        0 => "under 1 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_to_nothing() {
        let share = |succeeded, failed| {
            failure_share(&KindSummary {
                kind: "send_mail".to_owned(),
                succeeded,
                failed,
                half_within: None,
                most_within: None,
            })
        };

        assert_eq!(share(3, 1), "25 %");
        assert_eq!(share(999, 1), "under 1 %");
        assert_eq!(share(0, 1), "100 %");
    }
}
