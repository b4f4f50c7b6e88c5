use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{MemoryStorage, Tables, clock};
use crate::state::State;
use crate::storage::{
    HoldUps, JobId, LATEST_START, Lease, Limit, Limited, Limits, Pause, Room, Slot, Storage,
    StorageError, UnknownKind, UsedLimit,
};

impl Tables {
    pub(super) fn pause_queue(&mut self, queue: &str, by: &str, reason: &str, now: Timestamp) {
        let before = self.pauses.get(queue);
        let pause = Pause {
            by: by.to_owned(),
            reason: reason.to_owned(),
            since: before.map_or(now, |pause| pause.since),
        };
        self.pauses.insert(queue.to_owned(), pause);
    }

    pub(super) fn resume_queue(&mut self, queue: &str) -> bool {
        self.pauses.remove(queue).is_some()
    }

    pub(super) fn set_limit(&mut self, of: &Limited, limit: Limit, now: Timestamp) {
        let before = self.limits.insert(of.clone(), limit);
        if let (Limited::Queue(queue), None) = (of, before) {
            let running = self.leases_in(queue);
            let slots = running.into_iter().map(|lease| (lease, now)).collect();
            self.slots.insert(of.clone(), slots);
        }
    }

    /// What holds for a key: its own limit, else its group's, else one at a time.
    pub(super) fn limit_of_key(&self, key: &str) -> Limit {
        let named = |name: &str| self.limits.get(&Limited::Key(name.to_owned())).copied();
        named(key)
            .or_else(|| named(Limited::group_of(key)))
            .unwrap_or(Limit::OF_A_KEY)
    }

    pub(super) fn room(&self, of: &Limited, limit: Limit, now: Timestamp) -> Room {
        let slots = self.slots.get(of).into_iter().flatten();
        let slots: Vec<Slot> = slots
            .map(|(lease, taken_at)| Slot {
                is_held: self.is_held(*lease),
                age: age(*taken_at, now),
            })
            .collect();
        limit.room(&slots)
    }

    /// Counts a claim towards a limit. Answers whether the limit has a rate.
    pub(super) fn take_slot(&mut self, of: Limited, lease: Lease, now: Timestamp) -> bool {
        let limit = match &of {
            Limited::Queue(_) => self.limits.get(&of).copied().unwrap_or_default(),
            Limited::Key(key) => self.limit_of_key(key),
        };
        let window = limit.rate.map(|rate| rate.period + LATEST_START);
        let mut slots = self.slots.remove(&of).unwrap_or_default();
        slots.retain(|(lease, taken_at)| {
            self.is_held(*lease) || window.is_some_and(|window| age(*taken_at, now) < window)
        });
        slots.push((lease, now));
        self.slots.insert(of, slots);
        window.is_some()
    }

    pub(super) fn hold_ups(&self, id: JobId, now: Timestamp) -> HoldUps {
        let job = self.jobs.get(&id);
        let Some(job) = job.filter(|job| job.state == State::Enqueued) else {
            return HoldUps::default();
        };

        let of_queue = Limited::Queue(job.queue.clone());
        let queue = self.limits.get(&of_queue).map(|limit| (of_queue, *limit));
        let key = job.limit_key.clone();
        let key = key.map(|key| (Limited::Key(key.clone()), self.limit_of_key(&key)));
        let used = |(of, limit)| self.used(of, limit, now);
        HoldUps {
            pause: self.pauses.get(&job.queue).cloned(),
            limits: queue.into_iter().chain(key).map(used).collect(),
        }
    }

    pub(super) fn unknown_kinds(&self, last_sign: Timestamp) -> Vec<UnknownKind> {
        let servers = self.servers.values();
        let living = servers.filter(|server| server.heartbeat_at > last_sign);
        let known: Vec<&String> = living
            .flat_map(|server| &server.announcement.kinds)
            .collect();
        let jobs = self.jobs.values();
        let waiting = jobs.filter(|job| job.state == State::Enqueued);

        let mut unknown: BTreeMap<&str, UnknownKind> = BTreeMap::new();
        for job in waiting.filter(|job| !known.contains(&&job.kind)) {
            let kind = unknown.entry(&job.kind).or_insert_with(|| UnknownKind {
                kind: job.kind.clone(),
                jobs: 0,
                waiting_since: job.changed_at,
            });
            kind.jobs += 1;
            kind.waiting_since = kind.waiting_since.min(job.changed_at);
        }
        unknown.into_values().collect()
    }

    fn used(&self, of: Limited, limit: Limit, now: Timestamp) -> UsedLimit {
        let slots = self.slots.get(&of).into_iter().flatten();
        let held = slots.filter(|(lease, _)| self.is_held(*lease));
        UsedLimit {
            room: self.room(&of, limit, now),
            held_by: held.map(|(lease, _)| lease.job).take(10).collect(),
            of,
            limit,
        }
    }

    fn is_held(&self, lease: Lease) -> bool {
        let job = self.jobs.get(&lease.job);
        job.is_some_and(|job| job.is_held(lease.epoch))
    }

    fn leases_in(&self, queue: &str) -> Vec<Lease> {
        self.jobs
            .iter()
            .filter(|(_, job)| job.state == State::Processing && job.queue == queue)
            .map(|(id, job)| job.lease(*id))
            .collect()
    }
}

fn age(taken_at: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(taken_at).try_into().unwrap_or_default()
}

#[async_trait]
impl Limits for MemoryStorage {
    async fn pause_queue(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError> {
        self.tables()
            .pause_queue(queue, by, reason, self.clock.now());
        Ok(())
    }

    async fn resume_queue(&self, queue: &str) -> Result<bool, StorageError> {
        let was_paused = self.tables().resume_queue(queue);
        self.announce_enqueued();
        Ok(was_paused)
    }

    async fn set_limit(&self, of: &Limited, limit: Limit) -> Result<(), StorageError> {
        self.tables().set_limit(of, limit, self.clock.now());
        self.announce_enqueued();
        Ok(())
    }

    async fn remove_limit(&self, of: &Limited) -> Result<bool, StorageError> {
        let was_limited = self.tables().limits.remove(of).is_some();
        self.announce_enqueued();
        Ok(was_limited)
    }

    async fn hold_ups(&self, job: JobId) -> Result<HoldUps, StorageError> {
        Ok(self.tables().hold_ups(job, self.clock.now()))
    }

    async fn unknown_kinds(
        &self,
        alive_within: Duration,
    ) -> Result<Vec<UnknownKind>, StorageError> {
        let last_sign = clock::earlier(self.clock.now(), alive_within);
        Ok(self.tables().unknown_kinds(last_sign))
    }

    async fn limits(&self) -> Result<Vec<(Limited, Limit)>, StorageError> {
        let tables = self.tables();
        let limits = tables.limits.iter();
        Ok(limits.map(|(of, limit)| (of.clone(), *limit)).collect())
    }
}
