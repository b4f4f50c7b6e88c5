//! The jobs of a list, and what can be done to them.

use std::collections::HashMap;

use job_engine::ServerId;
use job_engine::State as JobState;
use job_engine::storage::JobSummary;
use maud::{Markup, html};

use crate::access::Permission;
use crate::actions::Action;
use crate::filters::Filters;
use crate::html::job_actions::class_of;
use crate::html::navigation::hidden_token;
use crate::html::table::{Column, cell, column, table};
use crate::html::{error_report, job_actions, json, number, short_id, state, time};
use crate::lists::List;
use crate::pages::{job_link, operations};
use crate::visit::Visit;

/// How much of the arguments a row shows.
const PREVIEW_CHARS: usize = 120;

const TICK: Column = column("", "tick");
const JOB: Column = column("Job", "wide");
const STATE: Column = column("State", "");
const QUEUE: Column = column("Queue", "");
const SERVER: Column = column("Server", "");
const ATTEMPTS: Column = column("Attempts", "number");
const TOOK: Column = column("Took", "number");
const ROW_ACTIONS: Column = column("", "row-actions");

/// What a list's rows need to be told besides the jobs.
pub(super) struct Listing<'a> {
    pub(super) visit: &'a Visit,
    pub(super) list: List,
    pub(super) server_names: HashMap<ServerId, String>,
}

impl Listing<'_> {
    pub(super) fn form(
        &self,
        jobs: &[JobSummary],
        filters: &Filters,
        total: Option<&str>,
    ) -> Markup {
        let columns = self.columns();
        let rows = html! { @for job in jobs { (self.row(job)) } };
        let table = table(self.list.title(), &columns, &rows);
        if !self.visit.viewer.may_act {
            return table;
        }

        html! {
            form.list method="post" {
                // The first button is the one that Enter presses; this one does nothing.
                button disabled hidden {}
                (hidden_token(self.visit))
                input type="hidden" name="back" value=(filters.address(&self.list.path()));
                div.toolbar role="toolbar" aria-label="Act on ticked jobs" {
                    (job_actions::of_ticked(self.visit, &self.permitted(self.list)))
                    (self.on_all(filters, total))
                }
                (table)
            }
        }
    }

    /// What one is asked about when it is done to all jobs of the list.
    fn on_all(&self, filters: &Filters, total: Option<&str>) -> Markup {
        let offered = self.permitted(self.list);
        let is_everything = self.list == List::All && !filters.is_filtering();
        html! {
            @if self.visit.viewer.may(Permission::ActOnAll) && !offered.is_empty() && !is_everything {
                span.on-all {
                    @match total {
                        Some("1 job") => "The 1 job:",
                        Some(total) => { "All " (total) ":" },
                        None => "All that match:",
                    }
                    @for action in offered {
                        a class=(class_of(action)) href=(self.visit.url(&operations::address(action, self.list, filters))) {
                            (action.verb()) " all"
                        }
                    }
                }
            }
        }
    }

    /// What is offered for jobs of a list, as far as it is permitted.
    fn permitted(&self, list: List) -> Vec<Action> {
        let is_permitted = |action: &Action| self.visit.viewer.may(action.permission());
        let offered = list.actions().iter().copied();
        offered.filter(is_permitted).collect()
    }

    fn of_row(&self, job: &JobSummary) -> Vec<Action> {
        match self.list {
            List::All => self.permitted(List::In(job.state)),
            list => self.permitted(list),
        }
    }

    fn columns(&self) -> Vec<Column> {
        let of_list: &[Column] = match self.list {
            List::All => &[STATE, QUEUE, column("Changed", "time")],
            List::Retries => &[QUEUE, ATTEMPTS, column("Next attempt", "time")],
            List::In(JobState::Enqueued | JobState::Awaiting) => {
                &[QUEUE, column("Waits for", "time")]
            }
            List::In(JobState::Scheduled) => &[QUEUE, column("Due", "time")],
            List::In(JobState::Processing) => &[QUEUE, SERVER, column("Runs for", "time")],
            List::In(JobState::Succeeded) => &[QUEUE, TOOK, column("Succeeded", "time")],
            List::In(JobState::Failed) => &[QUEUE, ATTEMPTS, column("Failed", "time")],
            List::In(JobState::Deleted) => &[QUEUE, column("Deleted", "time")],
        };

        let mut columns = vec![JOB];
        columns.extend(of_list.iter().copied());
        if !self.permitted(self.list).is_empty() {
            columns.insert(0, TICK);
            columns.push(ROW_ACTIONS);
        }
        columns
    }

    fn row(&self, job: &JobSummary) -> Markup {
        html! {
            tr data-key=(job.id) {
                @for column in self.columns() { (cell(&column, &self.content(&column, job))) }
            }
        }
    }

    fn content(&self, column: &Column, job: &JobSummary) -> Markup {
        let now = self.visit.now;
        match (column.class, column.heading) {
            ("tick", _) => job_actions::tick(job),
            ("row-actions", _) => job_actions::in_row(self.visit, &self.of_row(job), job),
            (_, "Job") => self.job(job),
            (_, "State") => state::badge_of(job),
            (_, "Queue") => html! { span.mono { (job.queue) } },
            (_, "Attempts") => html! { (number(u64::from(job.attempts))) },
            (_, "Server") => self.server(job),
            (_, "Took") => html! { @if let Some(took) = job.duration { (time::words(took)) } },
            (_, "Next attempt" | "Due") => {
                html! { @if let Some(due) = job.due_at { (time::relative(due, now)) } }
            }
            (_, "Waits for" | "Runs for") => time::since(job.changed_at, now),
            _ => time::relative(job.changed_at, now),
        }
    }

    fn job(&self, job: &JobSummary) -> Markup {
        let id = job.id.to_string();
        let failed = job.state == JobState::Failed || state::is_retry(job);
        html! {
            (job_link(self.visit, &id, &job.kind))
            span.id.mono title=(id) { (short_id(&id)) }
            @if let (true, Some(error)) = (failed, &job.error) {
                p.error-line { (error_report::first_line(error)) }
            } @else if let (JobState::Deleted, Some(reason)) = (job.state, &job.reason) {
                p.preview { (reason) }
            } @else {
                p.preview.mono { (json::preview(&self.visit.arguments(&job.kind, &job.arguments), PREVIEW_CHARS)) }
            }
        }
    }

    fn server(&self, job: &JobSummary) -> Markup {
        let name = job.server.and_then(|server| self.server_names.get(&server));
        html! {
            @if let Some(name) = name {
                span.mono { (name) }
            } @else {
                span.late { "Not known any more" }
            }
        }
    }
}
