use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::clock;
use crate::batch::BatchId;
use crate::continuation::ContinueOn;
use crate::job::ErrorReport;
use crate::new_job::{Due, NewJob};
use crate::state::State;
use crate::storage::{
    ClaimedJob, HistoryEntry, JobDetails, JobId, JobSummary, Lease, LogLine, Outcome, Progress,
    RunNotes, ServerId, reasons,
};

/// A stored job. Each change of state is one method, which also writes the history.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) kind: String,
    pub(super) queue: String,
    pub(super) priority: i16,
    pub(super) state: State,
    pub(super) attempts: u32,
    pub(super) changed_at: Timestamp,
    pub(super) due_at: Option<Timestamp>,
    pub(super) server: Option<ServerId>,
    pub(super) tenant: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) limit_key: Option<String>,
    pub(super) batch: Option<BatchId>,
    pub(super) trace: Option<String>,
    /// How what it waits for has to end, while it is `Awaiting`.
    pub(super) continue_on: Option<ContinueOn>,
    due: Due,
    pub(super) arguments: String,
    pub(super) version: u32,
    abandoned: u32,
    epoch: i64,
    pub(super) created_at: Timestamp,
    pub(super) error: Option<ErrorReport>,
    /// The claim whose run was noted to have begun.
    begun: Option<i64>,
    pub(super) duration: Option<Duration>,
    result: Option<String>,
    history: Vec<HistoryEntry>,
    pub(super) progress: Option<Progress>,
    log: BTreeMap<u64, LogLine>,
}

impl Record {
    pub(super) fn enqueued(job: &NewJob, now: Timestamp) -> Self {
        let mut record = Self {
            kind: job.kind.clone(),
            queue: job.queue.clone(),
            priority: job.priority,
            state: State::Enqueued,
            attempts: 0,
            changed_at: now,
            due_at: None,
            server: None,
            tenant: job.tenant.clone(),
            tags: job.tags.clone(),
            limit_key: job.limit_key.clone(),
            batch: job.batch,
            trace: job.trace.clone(),
            continue_on: job.continuation.as_ref().map(|it| it.on),
            due: job.due,
            arguments: job.arguments.clone(),
            version: job.version,
            abandoned: 0,
            epoch: 0,
            begun: None,
            created_at: now,
            error: None,
            duration: None,
            result: None,
            history: Vec::with_capacity(3),
            progress: None,
            log: BTreeMap::new(),
        };
        match &job.continuation {
            Some(continuation) => {
                let reason = continuation.reason();
                record.enter(HistoryEntry::new(State::Awaiting, now, Some(reason)));
            }
            None => record.wait(None, now),
        }
        record
    }

    pub(super) fn claim(&mut self, id: JobId, server: ServerId, now: Timestamp) -> ClaimedJob {
        self.epoch += 1;
        self.attempts += 1;
        let waited = now.duration_since(self.changed_at);
        self.enter(HistoryEntry::processing(now, Some(server), self.attempts));
        self.server = Some(server);

        ClaimedJob {
            lease: self.lease(id),
            kind: self.kind.clone(),
            queue: self.queue.clone(),
            arguments: self.arguments.clone(),
            version: self.version,
            attempt: self.attempts,
            abandoned: self.abandoned,
            waited: waited.try_into().unwrap_or_default(),
            is_rated: false,
            tenant: self.tenant.clone(),
            tags: self.tags.clone(),
            batch: self.batch,
            trace: self.trace.clone(),
        }
    }

    /// The lease of its last claim.
    pub(super) fn lease(&self, id: JobId) -> Lease {
        Lease {
            job: id,
            epoch: self.epoch,
        }
    }

    /// Whether the lease of this epoch is valid.
    pub(super) fn is_held(&self, epoch: i64) -> bool {
        self.state == State::Processing && self.epoch == epoch
    }

    pub(super) fn begin(&mut self) {
        self.begun = Some(self.epoch);
    }

    pub(super) fn note(&mut self, notes: &RunNotes, now: Timestamp) {
        self.progress = notes.progress.or(self.progress);
        for line in &notes.lines {
            self.log.entry(line.number).or_insert_with(|| LogLine {
                number: line.number,
                at: clock::earlier(now, line.age),
                text: line.text.clone(),
            });
        }
    }

    pub(super) fn log(&self, after: u64, limit: usize) -> Vec<LogLine> {
        let later = self.log.range(after.saturating_add(1)..);
        later.take(limit).map(|(_, line)| line.clone()).collect()
    }

    pub(super) fn settle(&mut self, outcome: &Outcome, now: Timestamp) {
        match outcome {
            Outcome::Succeeded { duration, result } => self.succeed(*duration, result.clone(), now),
            Outcome::Retry {
                error,
                delay,
                reason,
            } => {
                self.fail(error.clone(), None, now);
                self.schedule(clock::later(now, *delay), Some(reason), now);
            }
            Outcome::Failed { error, reason } => self.fail(error.clone(), Some(reason), now),
            Outcome::Discarded { error, reason } => {
                self.fail(error.clone(), None, now);
                self.delete(reason, now);
            }
            Outcome::Snoozed { delay, reason } => {
                self.take_attempt_back();
                self.schedule(clock::later(now, *delay), Some(reason), now);
            }
            Outcome::Returned { reason } => self.give_back(reason, now),
        }
    }

    /// All that it waited for has ended.
    pub(super) fn release(&mut self, now: Timestamp) {
        self.wait(Some(reasons::PARENTS_ENDED), now);
    }

    pub(super) fn give_back(&mut self, reason: &str, now: Timestamp) {
        self.take_attempt_back();
        self.enqueue(Some(reason), now);
    }

    pub(super) fn rescue(&mut self, now: Timestamp) {
        let has_begun = self.begun == Some(self.epoch);
        self.abandoned += u32::from(self.abandoned == 0 || has_begun);
        self.give_back(reasons::SERVER_DIED, now);
    }

    pub(super) fn requeue(&mut self, reason: &str, now: Timestamp) {
        self.attempts = 0;
        self.abandoned = 0;
        self.enqueue(Some(reason), now);
    }

    pub(super) fn enqueue(&mut self, reason: Option<&str>, now: Timestamp) {
        let reason = reason.map(str::to_owned);
        self.enter(HistoryEntry::enqueued(now, reason, &self.queue));
    }

    pub(super) fn delete(&mut self, reason: &str, now: Timestamp) {
        let reason = Some(reason.to_owned());
        self.enter(HistoryEntry::new(State::Deleted, now, reason));
    }

    pub(super) fn details(&self, id: JobId) -> JobDetails {
        JobDetails {
            summary: self.summary(id),
            trace: self.trace.clone(),
            result: self.result.clone(),
            origin: None,
            history: self.history.clone(),
        }
    }

    pub(super) fn summary(&self, id: JobId) -> JobSummary {
        JobSummary {
            id,
            kind: self.kind.clone(),
            queue: self.queue.clone(),
            priority: self.priority,
            tenant: self.tenant.clone(),
            tags: self.tags.clone(),
            batch: self.batch,
            state: self.state,
            reason: self.history.last().and_then(|entry| entry.reason.clone()),
            attempts: self.attempts,
            abandoned: self.abandoned,
            arguments: self.arguments.clone(),
            version: self.version,
            created_at: self.created_at,
            changed_at: self.changed_at,
            due_at: self.due_at,
            server: self.server,
            error: self.error.clone(),
            duration: self.duration,
        }
    }

    /// The errors with which it was given up: the attempts after which no other one followed.
    pub(super) fn given_up(&self) -> impl Iterator<Item = (Timestamp, &ErrorReport)> {
        let final_ones = self.history.iter().filter(|entry| entry.reason.is_some());
        final_ones.filter_map(|entry| Some((entry.at, entry.error.as_ref()?)))
    }

    /// Whether it failed before and waits for another attempt.
    pub(super) fn is_retry(&self) -> bool {
        self.state == State::Scheduled && self.attempts > 0
    }

    fn wait(&mut self, reason: Option<&str>, now: Timestamp) {
        match self.due {
            Due::Now => self.enqueue(reason, now),
            Due::After(delay) => self.schedule(clock::later(now, delay), reason, now),
            Due::At(time) => self.schedule(time, reason, now),
        }
    }

    fn schedule(&mut self, due_at: Timestamp, reason: Option<&str>, now: Timestamp) {
        let reason = reason.map(str::to_owned);
        self.enter(HistoryEntry::scheduled(now, reason, due_at));
        self.due_at = Some(due_at);
    }

    fn succeed(&mut self, duration: Duration, result: Option<String>, now: Timestamp) {
        self.enter(HistoryEntry::succeeded(now, duration, result.as_deref()));
        self.duration = Some(duration);
        self.result = result;
    }

    fn fail(&mut self, error: ErrorReport, reason: Option<&str>, now: Timestamp) {
        let reason = reason.map(str::to_owned);
        self.enter(HistoryEntry::failed(now, reason, Some(error.clone())));
        self.error = Some(error);
    }

    fn take_attempt_back(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }

    fn enter(&mut self, entry: HistoryEntry) {
        self.state = entry.state;
        if entry.state != State::Awaiting {
            self.continue_on = None;
        }
        self.changed_at = entry.at;
        self.due_at = None;
        self.server = None;
        self.duration = None;
        self.result = None;
        self.history.push(entry);
    }
}
