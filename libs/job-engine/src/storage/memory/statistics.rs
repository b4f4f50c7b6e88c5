use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Tables;
use super::record::Record;
use crate::state::State;
use crate::storage::{ErrorGroup, Outcome, Resolution, Throughput};

/// For how long minutes are remembered.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(62 * 24);

impl Tables {
    pub(super) fn count_settled(&mut self, outcome: &Outcome, now: Timestamp) {
        match outcome {
            Outcome::Succeeded { .. } => self.count_arrival(State::Succeeded, false, now),
            Outcome::Failed { .. } => self.count_arrival(State::Failed, false, now),
            Outcome::Discarded { .. } => self.count_arrival(State::Deleted, false, now),
            Outcome::Retry { .. } => self.count_arrival(State::Scheduled, true, now),
            Outcome::Snoozed { .. } | Outcome::Returned { .. } => {}
        }
    }

    /// Counts the state into which a job came.
    pub(super) fn count_arrival(&mut self, state: State, is_retry: bool, now: Timestamp) {
        let at = Resolution::Minute.start(now);
        let minute = self.minutes.entry(at).or_insert(Throughput {
            at,
            ..Throughput::default()
        });
        match state {
            State::Succeeded => minute.succeeded += 1,
            State::Failed => minute.failed += 1,
            State::Deleted => minute.deleted += 1,
            State::Scheduled if is_retry => minute.retried += 1,
            State::Scheduled | State::Awaiting | State::Enqueued | State::Processing => {}
        }
        let oldest = now - KEPT_FOR;
        while self
            .minutes
            .first_key_value()
            .is_some_and(|(at, _)| *at < oldest)
        {
            self.minutes.pop_first();
        }
    }

    pub(super) fn throughput(&self, resolution: Resolution, since: Timestamp) -> Vec<Throughput> {
        let mut spans: BTreeMap<Timestamp, Throughput> = BTreeMap::new();
        for (minute, counted) in &self.minutes {
            let at = resolution.start(*minute);
            let span = spans.entry(at).or_insert(Throughput {
                at,
                ..Throughput::default()
            });
            span.succeeded += counted.succeeded;
            span.failed += counted.failed;
            span.retried += counted.retried;
            span.deleted += counted.deleted;
        }
        spans
            .into_values()
            .filter(|span| span.at >= since)
            .collect()
    }

    pub(super) fn error_groups(&self, limit: usize) -> Vec<ErrorGroup> {
        let mut groups: BTreeMap<(String, String), ErrorGroup> = BTreeMap::new();
        for job in self.jobs.values() {
            for (at, error) in job.given_up() {
                let key = (job.kind.clone(), error.group());
                let group = groups.entry(key.clone()).or_insert_with(|| ErrorGroup {
                    kind: key.0,
                    group: key.1,
                    jobs: 0,
                    failures: 0,
                    first_at: at,
                    last_at: at,
                    error: error.clone(),
                });
                group.failures += 1;
                group.first_at = group.first_at.min(at);
                if at >= group.last_at {
                    group.last_at = at;
                    group.error = error.clone();
                }
            }
            if let Some(group) = job.failed_with().and_then(|key| groups.get_mut(&key)) {
                group.jobs += 1;
            }
        }
        let mut groups: Vec<ErrorGroup> = groups
            .into_values()
            .filter(|group| group.jobs > 0)
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.last_at));
        groups.truncate(limit);
        groups
    }
}

impl Record {
    /// The kind and group of the error with which it was given up, while it rests so.
    fn failed_with(&self) -> Option<(String, String)> {
        let error = self
            .error
            .as_ref()
            .filter(|_| self.state == State::Failed)?;
        Some((self.kind.clone(), error.group()))
    }
}
