use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::record::Record;
use crate::state::State;
use crate::storage::{JobId, ServerId};

/// The jobs that wait in a queue in the order of claims, by their tenant.
pub(super) type Line = BTreeMap<Option<String>, BTreeSet<(Reverse<i16>, JobId)>>;

/// Where to find jobs without looking at all of them.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    /// Each queue that has or had a job, with the jobs that wait in it.
    pub(super) waiting: BTreeMap<String, Line>,
    pub(super) scheduled: BTreeSet<(Timestamp, JobId)>,
    pub(super) held: HashMap<ServerId, HashSet<JobId>>,
    pub(super) expiring: BTreeSet<(Timestamp, JobId)>,
}

impl Indexes {
    pub(super) fn add(&mut self, id: JobId, job: &Record) {
        if job.state.expires() {
            self.expiring.insert((job.changed_at, id));
        }
        if let Some(due_at) = job.due_at {
            self.scheduled.insert((due_at, id));
        }
        if let Some(server) = job.server {
            self.held.entry(server).or_default().insert(id);
        }
        if job.state == State::Enqueued {
            let line = self.queue(&job.queue);
            let jobs = line.entry(job.tenant.clone()).or_default();
            jobs.insert((Reverse(job.priority), id));
        }
    }

    pub(super) fn remove(&mut self, id: JobId, job: &Record) {
        if job.state.expires() {
            self.expiring.remove(&(job.changed_at, id));
        }
        if let Some(due_at) = job.due_at {
            self.scheduled.remove(&(due_at, id));
        }
        if let Some(held) = job.server.and_then(|server| self.held.get_mut(&server)) {
            held.remove(&id);
        }
        if job.state == State::Enqueued {
            let line = self.queue(&job.queue);
            if let Some(jobs) = line.get_mut(&job.tenant) {
                jobs.remove(&(Reverse(job.priority), id));
                if jobs.is_empty() {
                    line.remove(&job.tenant);
                }
            }
        }
    }

    /// What the server holds.
    pub(super) fn held_by(&self, server: ServerId) -> Vec<JobId> {
        let mut held: Vec<JobId> = self
            .held
            .get(&server)
            .into_iter()
            .flatten()
            .copied()
            .collect();
        held.sort_unstable();
        held
    }

    /// The waiting jobs of a queue, which is remembered from its first job on.
    pub(super) fn queue(&mut self, name: &str) -> &mut Line {
        if !self.waiting.contains_key(name) {
            self.waiting.insert(name.to_owned(), Line::new());
        }
        self.waiting
            .get_mut(name)
            .expect("it was inserted if it was missing")
    }
}
