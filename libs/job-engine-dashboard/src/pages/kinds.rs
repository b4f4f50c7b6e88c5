use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use job_engine::State as JobState;
use job_engine::storage::{JobQuery, JobSummary};
use maud::{Markup, html};

use super::head;
use crate::Shared;
use crate::filters::Filters;
use crate::html::table::{Column, cell, column, table};
use crate::html::{number, time};
use crate::page::{Page, PageError};
use crate::visit::Visit;

/// How many ended jobs are looked at, of those that succeeded and of those that were given up.
const SAMPLE: usize = 1000;

const COLUMNS: [Column; 5] = [
    column("Kind", "wide"),
    column("Ended", "number"),
    column("Given up", "number"),
    column("Half within", "number"),
    column("95 % within", "number"),
];

/// What the sample says of a kind.
#[derive(Debug, Default)]
struct Kind {
    succeeded: u64,
    failed: u64,
    /// Of those that succeeded.
    durations: Vec<Duration>,
}

pub(crate) async fn show(State(shared): State<Shared>, visit: Visit) -> Result<Page, PageError> {
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    for state in [JobState::Succeeded, JobState::Failed] {
        for job in sample(&shared, state).await? {
            kinds.entry(job.kind.clone()).or_default().add(&job);
        }
    }

    let about = format!(
        "How each kind of job has fared lately: of the newest {} jobs that succeeded and the newest \
         {} that were given up.",
        number(SAMPLE as u64),
        number(SAMPLE as u64)
    );
    let body = html! {
        (head("Kinds", &about, &html! {}))
        @if kinds.is_empty() {
            p.empty { "No job has ended lately, so nothing is known yet." }
        } @else {
            (table("Kinds of jobs", &COLUMNS, &html! {
                @for (name, kind) in &mut kinds { (row(&visit, name, kind)) }
            }))
        }
    };
    Ok(Page::ok("Kinds", body))
}

async fn sample(shared: &Shared, state: JobState) -> Result<Vec<JobSummary>, PageError> {
    let query = JobQuery {
        state: Some(state),
        limit: SAMPLE,
        ..JobQuery::default()
    };
    Ok(shared.storage.jobs(&query).await?.jobs)
}

fn row(visit: &Visit, name: &str, kind: &mut Kind) -> Markup {
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
                    a href=(visit.url(&failed)) { (kind.failure_share()) }
                }
            }))
            (cell(half, &duration(kind.within(50))))
            (cell(most, &duration(kind.within(95))))
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

impl Kind {
    fn add(&mut self, job: &JobSummary) {
        if job.state == JobState::Failed {
            self.failed += 1;
            return;
        }
        self.succeeded += 1;
        self.durations.extend(job.duration);
    }

    /// In whole percent, but never 0 when there is any.
    fn failure_share(&self) -> String {
        let percent = self.failed * 100 / (self.succeeded + self.failed).max(1);
        match percent {
            0 => "under 1 %".to_owned(),
            percent => format!("{percent} %"),
        }
    }

    /// The time within which so many percent were done.
    fn within(&mut self, percent: usize) -> Option<Duration> {
        self.durations.sort_unstable();
        let place = (self.durations.len() * percent).div_ceil(100);
        self.durations.get(place.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(milliseconds: impl IntoIterator<Item = u64>) -> Kind {
        Kind {
            durations: milliseconds
                .into_iter()
                .map(Duration::from_millis)
                .collect(),
            ..Kind::default()
        }
    }

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let within = |mut kind: Kind, percent| kind.within(percent).map(|time| time.as_millis());

        assert_eq!(within(kind((1..=100).rev()), 50), Some(50));
        assert_eq!(within(kind(1..=100), 95), Some(95));
        assert_eq!(within(kind([7]), 95), Some(7));
        assert_eq!(within(kind([]), 95), None);
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing() {
        let share = |succeeded, failed| {
            let kind = Kind {
                succeeded,
                failed,
                ..Kind::default()
            };
            kind.failure_share()
        };

        assert_eq!(share(3, 1), "25 %");
        assert_eq!(share(999, 1), "under 1 %");
        assert_eq!(share(0, 1), "100 %");
    }
}
