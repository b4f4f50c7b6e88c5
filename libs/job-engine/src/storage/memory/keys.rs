use jiff::Timestamp;

use super::{Tables, clock};
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::JobId;
use crate::unique::{Duplicates, Unique};

/// Who holds a key, and how long.
#[derive(Debug)]
pub(super) struct KeyHolder {
    job: JobId,
    states: Vec<State>,
    until: Option<Timestamp>,
}

/// What becomes of a job that wants a key.
pub(super) enum Wanted {
    Free,
    /// Free once this job is deleted.
    InsteadOf(JobId),
    Held(JobId),
}

impl Tables {
    pub(super) fn look_for(&self, job: &NewJob, now: Timestamp) -> Wanted {
        let Some(unique) = &job.unique else {
            return Wanted::Free;
        };
        let Some(holder) = self.keys.get(&key(job, unique)) else {
            return Wanted::Free;
        };
        let state = self.jobs.get(&holder.job).map(|job| job.state);
        let holds = holder.until.is_some_and(|until| now < until)
            || state.is_some_and(|state| holder.states.contains(&state));
        if !holds {
            return Wanted::Free;
        }

        let waits = matches!(
            state,
            Some(State::Enqueued | State::Scheduled | State::Awaiting)
        );
        match unique.duplicate {
            Duplicates::Replace if waits => Wanted::InsteadOf(holder.job),
            _ => Wanted::Held(holder.job),
        }
    }

    pub(super) fn take_key(&mut self, job: &NewJob, now: Timestamp) {
        if let Some(unique) = &job.unique {
            let holder = KeyHolder {
                job: job.id,
                states: unique.states.clone(),
                until: unique.within.map(|time| clock::later(now, time)),
            };
            self.keys.insert(key(job, unique), holder);
        }
    }

    /// Forgets the keys that nobody holds any more.
    pub(super) fn forget_keys(&mut self, now: Timestamp) {
        let jobs = &self.jobs;
        self.keys.retain(|_, holder| {
            jobs.contains_key(&holder.job) || holder.until.is_some_and(|until| now < until)
        });
    }
}

fn key(job: &NewJob, unique: &Unique) -> (String, String) {
    (job.kind.clone(), unique.key.clone())
}
