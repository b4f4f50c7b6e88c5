use job_engine::storage::{RecurringRun, RunCause};
use maud::{Markup, html};

use super::outcome;
use crate::addresses;
use crate::html::table::{Column, cell, column, table};
use crate::html::{number, time};
use crate::visit::Visit;

/// How many runs a page shows.
pub(super) const ROWS: usize = 25;

const COLUMNS: [Column; 6] = [
    column("Run", "number"),
    column("For", "exact"),
    column("Why", "wide"),
    column("Outcome", ""),
    column("Took", "number"),
    column("Late by", "number"),
];

/// What became of its occurrences, the newest first; one more than are shown says that there are others.
pub(super) fn history(visit: &Visit, id: &str, runs: &[RecurringRun]) -> Markup {
    if runs.is_empty() {
        return html! { p.empty { "It has not run yet." } };
    }
    let shown = &runs[..runs.len().min(ROWS)];
    let older = shown.last().filter(|_| runs.len() > ROWS);
    let rows = html! { @for run in shown { (entry(visit, run)) } };
    html! {
        (table("History", &COLUMNS, &rows))
        @if let Some(last) = older {
            nav.pager aria-label="Pages" {
                a.button rel="next" href=(visit.url(&format!("{}?before={}", addresses::recurring_job(id), last.number))) {
                    "Older"
                }
            }
        }
    }
}

fn entry(visit: &Visit, run: &RecurringRun) -> Markup {
    let [run_number, at, why, outcome_column, took, late] = &COLUMNS;
    let is_created = run.job.is_some() && run.cause != RunCause::RunNow;
    html! {
        tr data-key=(run.number) {
            (cell(run_number, &html! { (number(run.number.unsigned_abs())) }))
            (cell(at, &html! {
                (time::exact(run.at))
                @if let Some(until) = run.until { " to " (time::exact(until)) }
            }))
            (cell(why, &html! {
                (cause(run.cause))
                @if let Some(note) = &run.note { p.note { (note) } }
            }))
            (cell(outcome_column, &outcome(visit, run)))
            (cell(took, &html! { @if let Some(took) = run.duration { (time::words(took)) } }))
            (cell(late, &html! { @if is_created { (time::words(run.drift())) } }))
        }
    }
}

const fn cause(cause: RunCause) -> &'static str {
    match cause {
        RunCause::Due => "It was due",
        RunCause::CaughtUp => "Made up for, as no server ran at its time",
        RunCause::RunNow => "Asked for",
        RunCause::Skipped => "Left out: an earlier run still lived",
        RunCause::Missed => "Left out: no server ran at its time",
    }
}
