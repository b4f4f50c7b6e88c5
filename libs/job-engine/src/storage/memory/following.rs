//! Jobs that wait for others, and batches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::Tables;
use crate::batch::BatchId;
use crate::continuation::{ContinueOn, Parent};
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::{BatchProgress, JobId, reasons};

/// Who waits for whom.
#[derive(Debug, Default)]
pub(super) struct Family {
    children: HashMap<Uuid, BTreeSet<JobId>>,
    parents: HashMap<JobId, BTreeSet<Uuid>>,
    /// As above, also when the wait is over.
    all_children: HashMap<Uuid, BTreeSet<JobId>>,
    all_parents: HashMap<JobId, BTreeMap<Uuid, Parent>>,
}

/// A job has ended, or has not any more, and others wait for it or count it.
#[derive(Debug)]
pub(super) struct News {
    job: JobId,
    was: Option<State>,
    is: Option<State>,
}

impl Family {
    fn add(&mut self, parent: Parent, child: JobId) {
        let id = parent.id();
        self.children.entry(id).or_default().insert(child);
        self.parents.entry(child).or_default().insert(id);
        self.all_children.entry(id).or_default().insert(child);
        let parents = self.all_parents.entry(child).or_default();
        parents.insert(id, parent);
    }

    /// A job that is stored no more continues nothing.
    pub(super) fn job_expires(&mut self, child: JobId) {
        for parent in self.all_parents.remove(&child).unwrap_or_default().keys() {
            if let Some(children) = self.all_children.get_mut(parent) {
                children.remove(&child);
                if children.is_empty() {
                    self.all_children.remove(parent);
                }
            }
        }
    }

    fn remove(&mut self, parent: Uuid, child: JobId) {
        if let Some(children) = self.children.get_mut(&parent) {
            children.remove(&child);
            if children.is_empty() {
                self.children.remove(&parent);
            }
        }
        if let Some(parents) = self.parents.get_mut(&child) {
            parents.remove(&parent);
            if parents.is_empty() {
                self.parents.remove(&child);
            }
        }
    }

    pub(super) fn forget(&mut self, child: JobId) {
        for parent in self.parents.remove(&child).unwrap_or_default() {
            self.remove(parent, child);
        }
    }

    fn children_of(&self, parent: Uuid) -> Vec<JobId> {
        let children = self.children.get(&parent);
        children.into_iter().flatten().copied().collect()
    }
}

impl Tables {
    pub(super) fn newest_batches(
        &self,
        before: Option<BatchId>,
        limit: usize,
    ) -> Vec<BatchProgress> {
        let is_older = |batch: &&BatchProgress| before.is_none_or(|before| batch.id < before);
        let mut batches: Vec<BatchProgress> =
            self.batches.values().filter(is_older).cloned().collect();
        batches.sort_unstable_by_key(|batch| std::cmp::Reverse(batch.id));
        batches.truncate(limit);
        batches
    }

    pub(super) fn parents(&self, job: JobId, limit: usize) -> Vec<Parent> {
        let parents = self.family.all_parents.get(&job);
        let parents = parents.into_iter().flat_map(BTreeMap::values);
        parents.take(limit).copied().collect()
    }

    pub(super) fn children(&self, parent: Parent, limit: usize) -> Vec<JobId> {
        let children = self.family.all_children.get(&parent.id());
        children
            .into_iter()
            .flatten()
            .take(limit)
            .copied()
            .collect()
    }

    /// Adds a job that is stored to its batch and to the children of what it continues.
    pub(super) fn relate(&mut self, job: &NewJob, now: Timestamp) {
        if let Some(id) = job.batch {
            let batch = self.batches.entry(id).or_insert_with(|| empty(id, now));
            batch.jobs += 1;
        }
        let parents = job.continuation.iter().flat_map(|it| &it.parents);
        for parent in parents {
            self.family.add(*parent, job.id);
        }
    }

    /// Tells a job that has just been stored of what had ended before.
    pub(super) fn catch_up(&mut self, job: &NewJob, now: Timestamp) {
        let parents = job.continuation.iter().flat_map(|it| &it.parents);
        for parent in parents {
            let id = parent.id();
            let parent = self.jobs.get(&JobId(id)).map(|job| job.state);
            let batch = self.batches.get(&BatchId(id));
            let end = parent
                .filter(|state| state.is_final())
                .or_else(|| batch.and_then(BatchProgress::end));
            if let Some(end) = end {
                self.tell(job.id, id, end, now);
            }
        }
    }

    pub(super) fn has_news(&mut self, job: JobId, was: State, is: State) {
        let (was, is) = (ended(was), ended(is));
        if was != is {
            self.news.push(News { job, was, is });
        }
    }

    /// Tells those who wait what has happened; answers whether any may run now.
    pub(super) fn spread_news(&mut self, now: Timestamp) -> bool {
        let mut released = false;
        while let Some(news) = self.news.pop() {
            if let Some(end) = news.is {
                released |= self.has_ended(news.job.0, end, now);
            }
            if let Some(id) = self.jobs.get(&news.job).and_then(|job| job.batch) {
                released |= self.count_in(id, &news, now);
            }
        }
        released
    }

    /// Tells the children of a job or batch that it has ended like this.
    pub(super) fn has_ended(&mut self, parent: Uuid, end: State, now: Timestamp) -> bool {
        let mut released = false;
        for child in self.family.children_of(parent) {
            released |= self.tell(child, parent, end, now);
        }
        released
    }

    fn tell(&mut self, child: JobId, parent: Uuid, end: State, now: Timestamp) -> bool {
        let Some(on) = self.jobs.get(&child).and_then(|job| job.continue_on) else {
            return false;
        };
        match (on, end) {
            (ContinueOn::Success, State::Deleted) => {
                self.change(child, |job| job.delete(reasons::CONDITION_NOT_MET, now));
                false
            }
            (ContinueOn::Success, State::Failed) => false,
            _ => {
                self.family.remove(parent, child);
                if self.family.parents.contains_key(&child) {
                    return false;
                }
                self.change(child, |job| job.release(now));
                true
            }
        }
    }

    fn count_in(&mut self, id: BatchId, news: &News, now: Timestamp) -> bool {
        let Some(batch) = self.batches.get_mut(&id) else {
            return false;
        };
        if let Some(was) = news.was {
            *number(batch, was) -= 1;
        }
        if let Some(is) = news.is {
            *number(batch, is) += 1;
        }
        let end = batch.end();
        batch.ended_at = end.map(|_| now);
        end.is_some_and(|end| self.has_ended(id.0, end, now))
    }
}

fn ended(state: State) -> Option<State> {
    state.is_final().then_some(state)
}

fn number(batch: &mut BatchProgress, state: State) -> &mut u64 {
    match state {
        State::Failed => &mut batch.failed,
        State::Deleted => &mut batch.deleted,
        _ => &mut batch.succeeded,
    }
}

fn empty(id: BatchId, now: Timestamp) -> BatchProgress {
    BatchProgress {
        id,
        created_at: now,
        jobs: 0,
        succeeded: 0,
        failed: 0,
        deleted: 0,
        ended_at: None,
    }
}
