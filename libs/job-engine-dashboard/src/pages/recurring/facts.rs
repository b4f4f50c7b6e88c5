use job_engine::NewJob;
use job_engine::storage::RecurringRecord;
use maud::{Markup, html};

use crate::html::{pair, time};
use crate::visit::Visit;

/// How it is set up.
pub(super) fn facts(visit: &Visit, record: &RecurringRecord) -> Markup {
    let job: Option<NewJob> = serde_json::from_str(&record.job).ok();
    html! {
        section aria-labelledby="facts" {
            h2 #facts { "Schedule" }
            dl.pairs {
                (pair("Cron", &html! { span.mono { (record.schedule) } }))
                (pair("Zone", &html! { (record.time_zone) }))
                @if record.is_edited() {
                    (pair("In code", &html! {
                        span.mono { (record.code_schedule) } " in " (record.code_time_zone)
                        " (changed by a person since)"
                    }))
                }
                (pair("Missed", &html! { (record.missed_runs) span.muted { (missed(record)) } }))
                (pair("Overlap", &html! { (record.overlap) span.muted { (overlap(record)) } }))
                (pair("Kind", &html! { span.mono { (record.kind) } }))
                @if let Some(job) = &job {
                    (pair("Queue", &html! { span.mono { (job.queue) } }))
                    (pair("Arguments", &html! { span.mono { (visit.arguments(&job.kind, &job.arguments)) } }))
                }
                (pair("Since", &time::exact(record.created_at)))
            }
        }
    }
}

/// What its policy for missed occurrences means.
fn missed(record: &RecurringRecord) -> &'static str {
    match record.missed_runs.as_str() {
        "Relaxed" => ": one run makes up for all",
        "Strict" => ": each one is made up for",
        "Ignorable" => ": none is made up for",
        _ => "",
    }
}

/// What its policy for runs that overlap means.
fn overlap(record: &RecurringRecord) -> &'static str {
    match record.overlap.as_str() {
        "Allow" => ": a run begins beside an earlier one",
        "Skip" => ": left out while an earlier run lives",
        "Replace" => ": an earlier run is deleted",
        _ => "",
    }
}
