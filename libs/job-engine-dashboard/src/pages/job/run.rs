//! What a job says about itself while it runs.

use job_engine::storage::{JobSummary, LogLine, Progress};
use job_engine::{JobId, State, StorageError};
use maud::{Markup, html};

use crate::Shared;
use crate::addresses;
use crate::html::{number, time};
use crate::visit::Visit;

/// How many lines of the log a page shows. One run keeps no more.
const MOST_LINES: usize = 1000;

pub(super) struct Run {
    progress: Option<Progress>,
    /// One more than are shown when there are further ones.
    lines: Vec<LogLine>,
    is_continued: bool,
}

impl Run {
    /// The log's lines after number `after`.
    pub(super) async fn of(shared: &Shared, job: JobId, after: u64) -> Result<Self, StorageError> {
        Ok(Self {
            progress: shared.storage.progress(job).await?,
            lines: shared.storage.log(job, after, MOST_LINES + 1).await?,
            is_continued: after > 0,
        })
    }

    pub(super) fn section(&self, visit: &Visit, job: &JobSummary) -> Markup {
        if self.progress.is_none() && self.lines.is_empty() {
            return html! {};
        }

        html! {
            section aria-labelledby="run" {
                h2 #run { @if job.state == State::Processing { "Now" } @else { "Last run" } }
                @if let Some(progress) = self.progress { (meter(progress)) }
                (self.log(visit, job))
            }
        }
    }

    fn log(&self, visit: &Visit, job: &JobSummary) -> Markup {
        let page = visit.url(&addresses::job(job.id));
        let shown = &self.lines[..self.lines.len().min(MOST_LINES)];
        let last = shown.last().filter(|_| self.lines.len() > MOST_LINES);
        html! {
            @if self.is_continued { p { a href=(page) { "From the start of the log" } } }
            @if !shown.is_empty() {
                ol.log tabindex="0" aria-label="Log" {
                    @for line in shown {
                        li data-key=(line.number) {
                            (time::clock(line.at)) " " span { (line.text) }
                        }
                    }
                }
            }
            @if let Some(last) = last {
                p { a href={ (page) "?log=" (last.number) } { "Further lines" } }
            }
        }
    }
}

fn meter(progress: Progress) -> Markup {
    let Progress { done, total } = progress;
    html! {
        p.run-progress {
            meter min="0" max=(total.max(done).max(1)) value=(done) aria-label="Progress" {}
            span { (number(done)) " of " (number(total)) }
        }
    }
}
