use jiff::Timestamp;

use super::Tables;
use super::record::Record;
use crate::state::State;
use crate::storage::{
    Act, Command, Commanded, DueJobs, JobId, KnownKind, Lease, RunNotes, Settled, Settlement,
    reasons,
};

impl Tables {
    pub(super) fn begin(&mut self, lease: Lease) -> Settled {
        match self.jobs.get_mut(&lease.job) {
            Some(job) if job.is_held(lease.epoch) => {
                job.begin();
                Settled::Accepted
            }
            _ => Settled::Stale,
        }
    }

    pub(super) fn note(&mut self, notes: &[RunNotes], now: Timestamp) -> Vec<Settled> {
        let mut note = |notes: &RunNotes| match self.jobs.get_mut(&notes.lease.job) {
            Some(job) if job.is_held(notes.lease.epoch) => {
                job.note(notes, now);
                Settled::Accepted
            }
            _ => Settled::Stale,
        };
        notes.iter().map(&mut note).collect()
    }

    pub(super) fn settle(&mut self, settlements: &[Settlement], now: Timestamp) -> Vec<Settled> {
        settlements
            .iter()
            .map(|settlement| {
                let lease = settlement.lease;
                let held = self
                    .jobs
                    .get(&lease.job)
                    .is_some_and(|job| job.is_held(lease.epoch));
                if !held {
                    return Settled::Stale;
                }
                self.change(lease.job, |job| job.settle(&settlement.outcome, now));
                self.count_settled(&settlement.outcome, now);
                Settled::Accepted
            })
            .collect()
    }

    pub(super) fn enqueue_due(&mut self, limit: usize, now: Timestamp) -> DueJobs {
        let due: Vec<JobId> = self
            .indexes
            .scheduled
            .iter()
            .take_while(|(due_at, _)| *due_at <= now)
            .take(limit)
            .map(|(_, id)| *id)
            .collect();
        for &id in &due {
            self.change(id, |job| job.enqueue(Some(reasons::DUE), now));
        }

        DueJobs {
            enqueued: due.len(),
            next_in: self
                .indexes
                .scheduled
                .first()
                .map(|(due_at, _)| due_at.duration_since(now).try_into().unwrap_or_default()),
        }
    }

    pub(super) fn act(&mut self, act: &Act, now: Timestamp) -> Commanded {
        let job = self.jobs.get(&act.job);
        let moved_on = job.filter(|job| act.seen.is_some_and(|seen| seen != job.changed_at));
        if let Some(job) = moved_on {
            return Commanded::NotApplicable(job.state);
        }

        let commanded = self.command(act.job, act.command, &act.reason, now);
        if let (Commanded::Done, Some(deed)) = (commanded, &act.deed) {
            self.record_deed(deed, now);
        }
        commanded
    }

    pub(super) fn command(
        &mut self,
        id: JobId,
        command: Command,
        reason: &str,
        now: Timestamp,
    ) -> Commanded {
        let Some(job) = self.jobs.get(&id) else {
            return Commanded::NotFound;
        };
        let state = job.state;

        match command {
            Command::Requeue if state != State::Enqueued => {
                self.change(id, |job| job.requeue(reason, now));
            }
            Command::TriggerNow if state == State::Scheduled => {
                self.change(id, |job| job.enqueue(Some(reason), now));
            }
            Command::Delete if state != State::Deleted => {
                self.change(id, |job| job.delete(reason, now));
                self.count_arrival(State::Deleted, false, now);
            }
            _ => return Commanded::NotApplicable(state),
        }
        self.revocations += u64::from(state == State::Processing);
        Commanded::Done
    }

    /// Changes a job and keeps the indexes right; `None` when there is no such job.
    pub(super) fn change<T>(
        &mut self,
        id: JobId,
        change: impl FnOnce(&mut Record) -> T,
    ) -> Option<T> {
        let job = self.jobs.get_mut(&id)?;
        let was = job.state;
        self.indexes.remove(id, job);
        let answer = change(job);
        self.indexes.add(id, job);
        let is = job.state;
        if was == State::Awaiting {
            self.family.forget(id);
        }
        self.has_news(id, was, is);
        Some(answer)
    }
}

pub(super) fn is_known(kinds: &[KnownKind], job: &Record) -> bool {
    kinds
        .iter()
        .any(|known| known.name == job.kind && job.version <= known.version)
}
