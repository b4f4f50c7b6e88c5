use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::hold;
use crate::new_job::NewJob;
use crate::session::Session;
use crate::storage::{Claim, ClaimedJob, Lease, Seated, Seats, StandBy};

/// Takes jobs for workers that have nothing to do, in the commit that stores them: the claimer need
/// not be woken, and claims nothing.
#[derive(Debug)]
pub(super) struct Idle {
    session: Arc<Session>,
    /// The newest version of each kind that the server knows.
    kinds: HashMap<String, u32>,
    /// The last look for jobs has found all there were.
    found_all: AtomicBool,
    /// The storage may have claimed jobs of which this server does not know.
    has_lost: AtomicBool,
    /// Rises whenever what the server does not know is given back. What was reserved before is
    /// among it.
    round: Mutex<u64>,
}

impl Idle {
    pub(super) fn of(session: &Arc<Session>, claim: &Claim) -> Self {
        let kinds = claim.kinds.iter();
        Self {
            session: session.clone(),
            kinds: kinds
                .map(|kind| (kind.name.clone(), kind.version))
                .collect(),
            found_all: AtomicBool::new(false),
            has_lost: AtomicBool::new(false),
            round: Mutex::default(),
        }
    }

    pub(super) fn set(&self, found_all: bool) {
        self.found_all.store(found_all, Ordering::Release);
    }

    /// Whether an answer has been lost since it was asked last.
    pub(super) fn was_lost(&self) -> bool {
        self.has_lost.swap(false, Ordering::AcqRel)
    }

    /// What this server holds as far as it knows, when anything else is about to be given back.
    pub(super) fn know(&self) -> Vec<Lease> {
        let mut round = self.round();
        *round += 1;
        self.session.leases.held()
    }

    fn runs(&self, job: &NewJob) -> bool {
        let known = self.kinds.get(&job.kind);
        known.is_some_and(|version| job.version <= *version)
            && self.session.options.queues.contains(&job.queue)
    }

    fn take(&self, seats: Seats, jobs: Vec<ClaimedJob>) {
        let round = self.round();
        if *round == seats.round {
            let jobs = hold(&self.session, jobs, Instant::now());
            self.session.queue.seat(jobs, seats.workers);
        } else {
            self.lose(seats);
        }
    }

    /// The claimer gives back what may have been claimed.
    fn lose(&self, seats: Seats) {
        self.session.queue.free(seats.workers);
        self.has_lost.store(true, Ordering::Release);
        self.session.enqueued.notify_one();
    }

    fn round(&self) -> MutexGuard<'_, u64> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StandBy for Idle {
    fn reserve(&self, jobs: &[NewJob]) -> Option<Seats> {
        let session = &self.session;
        let takes_jobs =
            self.found_all.load(Ordering::Acquire) && !session.quiet.load(Ordering::Acquire);
        if !takes_jobs || !jobs.iter().all(|job| self.runs(job)) {
            return None;
        }
        session.queue.reserve(jobs.len()).then(|| Seats {
            server: session.server,
            workers: jobs.len(),
            round: *self.round(),
        })
    }

    fn seat(&self, seats: Seats, seated: Seated) {
        match seated {
            Seated::Claimed(jobs) => self.take(seats, jobs),
            Seated::Nothing => self.session.queue.free(seats.workers),
            Seated::Unknown => self.lose(seats),
        }
    }
}
