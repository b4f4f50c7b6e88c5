use std::collections::HashMap;
use std::ops::Bound;

use jiff::Timestamp;

use super::Tables;
use super::indexes::Line;
use super::jobs::is_known;
use crate::storage::turns::{Candidate, in_turn};
use crate::storage::{Claim, Claimed, Limited, Room};

impl Tables {
    pub(super) fn claim(&mut self, claim: &Claim, now: Timestamp) -> Claimed {
        let mut claimed = Claimed::default();
        if !self.servers.contains_key(&claim.server) {
            return claimed;
        }

        for (place, queue) in claim.queues.iter().enumerate() {
            let free = claim.limit - claimed.jobs.len();
            let was_asked = claim.queues[..place].contains(queue);
            if free > 0 && !was_asked && !self.pauses.contains_key(queue) {
                claimed.add(self.claim_from(queue, claim, free, now));
            }
        }
        claimed
    }

    fn claim_from(&mut self, queue: &str, claim: &Claim, limit: usize, now: Timestamp) -> Claimed {
        let of_queue = Limited::Queue(queue.to_owned());
        let queue_limit = self.limits.get(&of_queue).copied();
        let room = queue_limit.map(|limit| self.room(&of_queue, limit, now));
        let limit = room.map_or(limit, |room| limit.min(room.free));
        let mut keys = Rooms::default();
        let chosen = self.choose(queue, claim, limit, &mut keys, now);
        if let Some(last) = chosen.last() {
            let tenant = self.jobs[&last.id].tenant.clone();
            self.turns.insert(queue.to_owned(), tenant);
        }

        let is_full = room.filter(|room| room.free == 0);
        let mut claimed = Claimed {
            jobs: Vec::with_capacity(chosen.len()),
            is_held_back: is_full.is_some() || keys.any_full,
            again_in: is_full
                .and_then(|room| room.opens_in)
                .into_iter()
                .chain(keys.opens_in)
                .min(),
        };
        for job in chosen {
            let Some(mut taken) =
                self.change(job.id, |record| record.claim(job.id, claim.server, now))
            else {
                continue;
            };
            let of_key = job.key.map(Limited::Key);
            for of in queue_limit
                .map(|_| of_queue.clone())
                .into_iter()
                .chain(of_key)
            {
                taken.is_rated |= self.take_slot(of, taken.lease, now);
            }
            claimed.jobs.push(taken);
        }
        claimed
    }

    /// Whose turn it is, without changing anything.
    fn choose(
        &self,
        queue: &str,
        claim: &Claim,
        limit: usize,
        keys: &mut Rooms,
        now: Timestamp,
    ) -> Vec<Candidate> {
        let Some(line) = self.indexes.waiting.get(queue) else {
            return Vec::new();
        };
        let tenants = self.tenants_in_turn(queue, line).map(|jobs| {
            jobs.map(|(_, id)| (*id, &self.jobs[id]))
                .filter(|(_, job)| is_known(&claim.kinds, job))
                .map(|(id, job)| Candidate {
                    id,
                    key: job.limit_key.clone(),
                })
        });
        in_turn(tenants.collect(), limit, |key| {
            keys.take(key, || {
                let of = Limited::Key(key.to_owned());
                self.room(&of, self.limit_of_key(key), now)
            })
        })
    }

    fn tenants_in_turn<'a>(
        &self,
        queue: &str,
        line: &'a Line,
    ) -> impl Iterator<Item = impl Iterator<Item = &'a (std::cmp::Reverse<i16>, super::JobId)>>
    {
        let last = self.turns.get(queue).cloned().flatten();
        let later = line.range((Bound::Excluded(last.clone()), Bound::Unbounded));
        let earlier = line.range((Bound::Unbounded, Bound::Included(last)));
        later.chain(earlier).map(|(_, jobs)| jobs.iter())
    }
}

/// How many jobs of each key may still be claimed.
#[derive(Default)]
struct Rooms {
    free: HashMap<String, usize>,
    any_full: bool,
    opens_in: Option<std::time::Duration>,
}

impl Rooms {
    fn take(&mut self, key: &str, room: impl FnOnce() -> Room) -> bool {
        if !self.free.contains_key(key) {
            let room = room();
            if room.free == 0 {
                self.opens_in = self.opens_in.into_iter().chain(room.opens_in).min();
            }
            self.free.insert(key.to_owned(), room.free);
        }
        let free = self
            .free
            .get_mut(key)
            .expect("it was inserted if it was missing");
        let may_run = *free > 0;
        *free -= usize::from(may_run);
        self.any_full |= !may_run;
        may_run
    }
}
