use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::trial::Place;
use crate::storage::Lease;

/// What this server holds: every lease from its claim until its settlement is recorded.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    held: Mutex<HashMap<Lease, Held>>,
}

#[derive(Debug)]
struct Held {
    cancelled: CancellationToken,
    /// It was taken away; what the job comes to does not count.
    lost: bool,
    /// Given up by being dropped.
    place: Option<Place>,
}

impl Leases {
    /// Takes note of new leases, and gives each the token that stops its job.
    pub(crate) fn hold(&self, leases: impl Iterator<Item = Lease>) -> Vec<CancellationToken> {
        let mut held = self.lock();
        leases
            .map(|lease| {
                let cancelled = CancellationToken::new();
                let entry = Held {
                    cancelled: cancelled.clone(),
                    lost: false,
                    place: None,
                };
                held.insert(lease, entry);
                cancelled
            })
            .collect()
    }

    /// Gives it up when the lease is forgotten.
    pub(super) fn keep_place(&self, lease: Lease, place: Place) {
        if let Some(entry) = self.lock().get_mut(&lease) {
            entry.place = Some(place);
        }
    }

    pub(crate) fn held(&self) -> Vec<Lease> {
        self.lock().keys().copied().collect()
    }

    /// A job has ended. Whether its outcome may be recorded; if not, the lease is forgotten.
    pub(crate) fn end(&self, lease: Lease) -> bool {
        let mut held = self.lock();
        let is_valid = held.get(&lease).is_some_and(|entry| !entry.lost);
        if !is_valid {
            held.remove(&lease);
        }
        is_valid
    }

    pub(crate) fn forget(&self, leases: impl Iterator<Item = Lease>) {
        let mut held = self.lock();
        for lease in leases {
            held.remove(&lease);
        }
    }

    /// Stops the jobs of these leases: they were taken away.
    pub(crate) fn lose(&self, leases: &[Lease]) {
        let mut held = self.lock();
        for lease in leases {
            if let Some(entry) = held.get_mut(lease) {
                entry.lose();
            }
        }
    }

    /// Stops all jobs: the server was taken for dead.
    pub(crate) fn lose_all(&self) {
        self.lock().values_mut().for_each(Held::lose);
    }

    /// Stops all jobs, whose leases stay valid.
    pub(crate) fn stop_all(&self) {
        for entry in self.lock().values() {
            entry.cancelled.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Lease, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn lose(&mut self) {
        self.lost = true;
        self.cancelled.cancel();
    }
}
