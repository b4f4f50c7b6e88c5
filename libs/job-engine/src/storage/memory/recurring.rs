use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use jiff::Timestamp;

use super::record::Record;
use super::{MemoryStorage, Tables, clock};
use crate::new_job::NewJob;
use crate::recurring::Overlap;
use crate::storage::advancing::{Entries, Entry};
use crate::storage::{
    Advance, Advanced, DueRecord, DueRecurring, JobDetails, JobId, KEPT_RUNS, Origin,
    RecurringPage, RecurringQuery, RecurringRecord, RecurringRun, RecurringStorage,
    RecurringSummary, Storage, StorageError, UNKNOWN_KIND_PATIENCE,
};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1000;

/// How many of its latest jobs are asked whether they live.
const LATEST_JOBS: usize = 100;

#[derive(Debug, Default)]
pub(super) struct RecurringTables {
    records: BTreeMap<String, RecurringRecord>,
    /// As they were noted, with the last state of a job that has expired.
    runs: BTreeMap<(String, i64), RecurringRun>,
    runs_of_jobs: HashMap<JobId, (String, i64)>,
}

impl RecurringTables {
    /// Keeps what became of a job that is about to be forgotten.
    pub(super) fn job_expires(&mut self, id: JobId, job: &Record) {
        let Some(key) = self.runs_of_jobs.remove(&id) else {
            return;
        };
        if let Some(run) = self.runs.get_mut(&key) {
            run.state = Some(job.state);
            run.duration = job.duration;
        }
    }

    pub(super) fn save(&mut self, wanted: &RecurringRecord, now: Timestamp) -> bool {
        let stored = self.records.get(&wanted.id);
        if stored.map_or(0, |stored| stored.revision) != wanted.revision {
            return false;
        }
        let record = RecurringRecord {
            revision: wanted.revision + 1,
            runs: stored.map_or(0, |stored| stored.runs),
            created_at: stored.map_or(now, |stored| stored.created_at),
            changed_at: now,
            ..wanted.clone()
        };
        self.records.insert(record.id.clone(), record);
        true
    }

    pub(super) fn remove(&mut self, id: &str) -> bool {
        self.runs
            .retain(|(recurring_job, _), _| recurring_job != id);
        self.runs_of_jobs
            .retain(|_, (recurring_job, _)| recurring_job != id);
        self.records.remove(id).is_some()
    }

    /// The newest first.
    fn history(&self, id: &str, before: i64) -> impl Iterator<Item = &RecurringRun> {
        let keys = (id.to_owned(), i64::MIN)..(id.to_owned(), before);
        self.runs.range(keys).rev().map(|(_, run)| run)
    }

    /// The number of the first new entry of each that has the revision of its plan.
    fn first_numbers(&self, plans: &[Advance]) -> HashMap<String, i64> {
        let first = |plan: &Advance| {
            let record = self.records.get(&plan.id)?;
            (record.revision == plan.revision).then(|| (plan.id.clone(), record.runs + 1))
        };
        plans.iter().filter_map(first).collect()
    }

    fn move_on(&mut self, plan: &Advance, now: Timestamp) {
        let Some(record) = self.records.get_mut(&plan.id) else {
            return;
        };
        record.runs += i64::try_from(plan.runs.len()).unwrap_or(i64::MAX);
        record.revision += 1;
        record.changed_at = now;
        record.next_at = plan.next_at;
        record.look_at = plan.look_at;
        record.error.clone_from(&plan.error);
    }

    fn note(&mut self, entry: &Entry<'_>, now: Timestamp) {
        let key = (entry.recurring_job.to_owned(), entry.number);
        let job = entry.run.job.as_ref().map(|job| job.id);
        if let Some(job) = job {
            self.runs_of_jobs.insert(job, key.clone());
        }
        let run = RecurringRun {
            number: entry.number,
            at: entry.run.at,
            until: entry.run.until,
            cause: entry.run.cause,
            note: entry.run.note.clone(),
            noted_at: now,
            job,
            state: None,
            duration: None,
        };
        self.runs.insert(key, run);
    }

    fn forget_old_runs(&mut self, id: &str) {
        let newest = self.records.get(id).map_or(0, |record| record.runs);
        let is_old = |(recurring_job, number): &(String, i64), run: &RecurringRun| {
            recurring_job == id
                && *number <= newest - KEPT_RUNS
                && (run.job.is_none() || run.state.is_some())
        };
        self.runs.retain(|key, run| !is_old(key, run));
    }
}

impl Tables {
    pub(super) fn details(&self, id: JobId) -> Option<JobDetails> {
        let details = self.jobs.get(&id)?.details(id);
        Some(JobDetails {
            origin: self.origin(id),
            ..details
        })
    }

    fn origin(&self, job: JobId) -> Option<Origin> {
        let key = self.recurring.runs_of_jobs.get(&job)?;
        let run = self.recurring.runs.get(key)?;
        Some(Origin {
            recurring_job: key.0.clone(),
            run: key.1,
            at: run.at,
            cause: run.cause,
        })
    }

    fn due_recurring(&self, kinds: &[String], limit: usize, now: Timestamp) -> DueRecurring {
        let patience = clock::earlier(now, UNKNOWN_KIND_PATIENCE);
        let mut due = Vec::new();
        let mut next = None;
        for record in self.recurring.records.values() {
            let Some(look_at) = record.look_at else {
                continue;
            };
            let is_known = kinds.contains(&record.kind);
            if look_at <= if is_known { now } else { patience } {
                due.push(record);
            } else if is_known && look_at > now {
                next = Some(next.map_or(look_at, |next: Timestamp| next.min(look_at)));
            }
        }
        due.sort_by_key(|record| record.look_at);

        DueRecurring {
            now,
            due: due
                .into_iter()
                .take(limit)
                .map(|record| DueRecord {
                    living: self.living(record),
                    record: record.clone(),
                })
                .collect(),
            next_in: next.map(|next| next.duration_since(now).try_into().unwrap_or_default()),
        }
    }

    fn living(&self, record: &RecurringRecord) -> Vec<JobId> {
        if record.overlap == Overlap::Allow.name() {
            return Vec::new();
        }
        let lives = |job: &JobId| self.jobs.get(job).is_some_and(|job| !job.state.is_final());
        let history = self.recurring.history(&record.id, i64::MAX);
        let jobs = history.filter_map(|run| run.job).take(LATEST_JOBS);
        jobs.filter(lives).collect()
    }

    pub(super) fn advance(
        &mut self,
        plans: &[Advance],
        now: Timestamp,
    ) -> Result<Vec<Advanced>, StorageError> {
        let firsts = self.recurring.first_numbers(plans);
        let mut entries = Entries::of(plans, firsts);
        let ids = entries.jobs().map(|job| job.id);
        let stored = ids.filter(|id| self.jobs.contains_key(id)).collect();
        entries.leave_out(stored);
        let jobs: Vec<NewJob> = entries.jobs().cloned().collect();
        let duplicates = self.enqueue(&jobs, now)?;
        entries.skip(&duplicates);

        let outcomes = entries.outcomes(&duplicates);
        for entry in entries.iter() {
            self.recurring.note(entry, now);
        }
        for (plan, outcome) in plans.iter().zip(&outcomes) {
            if *outcome != Advanced::Stale {
                self.recurring.move_on(plan, now);
                self.recurring.forget_old_runs(&plan.id);
            }
        }
        Ok(outcomes)
    }

    fn recurring_page(&self, query: &RecurringQuery) -> RecurringPage {
        let limit = match query.limit {
            0 => DEFAULT_LIMIT,
            limit => limit.min(MAX_LIMIT),
        };
        let matches = |record: &&RecurringRecord| {
            let wanted = query.containing.as_deref().unwrap_or_default();
            let is_after = query.after.as_ref().is_none_or(|after| record.id > *after);
            is_after && (record.id.contains(wanted) || record.kind.contains(wanted))
        };
        let mut jobs: Vec<RecurringSummary> = self
            .recurring
            .records
            .values()
            .filter(matches)
            .take(limit + 1)
            .map(|record| self.summary(record))
            .collect();

        let more = jobs.len() > limit;
        jobs.truncate(limit);
        let next = jobs
            .last()
            .filter(|_| more)
            .map(|last| last.record.id.clone());
        RecurringPage { jobs, next }
    }

    fn summary(&self, record: &RecurringRecord) -> RecurringSummary {
        let last = self.recurring.history(&record.id, i64::MAX).next();
        RecurringSummary {
            record: record.clone(),
            last: last.map(|run| self.with_state(run)),
        }
    }

    fn with_state(&self, run: &RecurringRun) -> RecurringRun {
        let mut run = run.clone();
        if let Some(job) = run.job.and_then(|job| self.jobs.get(&job)) {
            run.state = Some(job.state);
            run.duration = job.duration;
        }
        run
    }
}

impl MemoryStorage {
    pub(super) fn announce_recurring(&self) {
        self.recurring_changed.notify_waiters();
        // For who is between two waits just now.
        self.recurring_changed.notify_one();
    }
}

#[async_trait]
impl RecurringStorage for MemoryStorage {
    async fn time(&self) -> Result<Timestamp, StorageError> {
        Ok(self.clock.now())
    }

    async fn save_recurring(&self, record: &RecurringRecord) -> Result<bool, StorageError> {
        let saved = self.tables().recurring.save(record, self.clock.now());
        if saved {
            self.announce_recurring();
        }
        Ok(saved)
    }

    async fn remove_recurring(&self, id: &str) -> Result<bool, StorageError> {
        Ok(self.tables().recurring.remove(id))
    }

    async fn due_recurring(
        &self,
        kinds: &[String],
        limit: usize,
    ) -> Result<DueRecurring, StorageError> {
        Ok(self.tables().due_recurring(kinds, limit, self.clock.now()))
    }

    async fn advance_recurring(&self, plans: &[Advance]) -> Result<Vec<Advanced>, StorageError> {
        let advanced = self.tables().advance(plans, self.clock.now())?;
        self.announce_enqueued();
        Ok(advanced)
    }

    async fn recurring_job(&self, id: &str) -> Result<Option<RecurringRecord>, StorageError> {
        Ok(self.tables().recurring.records.get(id).cloned())
    }

    async fn recurring_jobs(&self, query: &RecurringQuery) -> Result<RecurringPage, StorageError> {
        Ok(self.tables().recurring_page(query))
    }

    async fn recurring_runs(
        &self,
        id: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<RecurringRun>, StorageError> {
        let tables = self.tables();
        let history = tables.recurring.history(id, before.unwrap_or(i64::MAX));
        Ok(history
            .take(limit)
            .map(|run| tables.with_state(run))
            .collect())
    }

    async fn recurring_changed(&self) {
        self.recurring_changed.notified().await;
    }
}
