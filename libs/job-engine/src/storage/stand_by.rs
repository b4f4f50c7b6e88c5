//! Servers that take jobs in the very commit that stores them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{ClaimedJob, ServerId};
use crate::new_job::NewJob;

/// A server that has looked for jobs, found no more and has workers free: whoever enqueues through
/// its storage may claim the jobs for it, see [`Storage::stand_by`](super::Storage::stand_by).
pub trait StandBy: fmt::Debug + Send + Sync {
    /// Keeps a worker free for each of these jobs, if it can run all of them at once.
    fn reserve(&self, jobs: &[NewJob]) -> Option<Seats>;

    /// How the reservation ended.
    fn seat(&self, seats: Seats, seated: Seated);
}

/// Workers that are kept free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// For whom to claim.
    pub server: ServerId,
    /// How many.
    pub workers: usize,
    /// Which reservations the server still knows; its own business.
    pub round: u64,
}

/// What came of reserved workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seated {
    /// The server holds these jobs now.
    Claimed(Vec<ClaimedJob>),
    /// Nothing was claimed.
    Nothing,
    /// The answer was lost: the server may hold jobs that it does not know.
    Unknown,
}

/// The servers that stand by at a storage.
#[derive(Debug, Default)]
pub struct StandBys {
    servers: Mutex<VecDeque<Weak<dyn StandBy>>>,
}

/// Reserved workers. Dropped without an answer, they may hold jobs that nobody knows.
#[derive(Debug)]
pub struct Reservation {
    by: Arc<dyn StandBy>,
    seats: Seats,
    is_answered: bool,
}

impl StandBys {
    /// From now on, until it is dropped.
    pub fn add(&self, server: &Arc<dyn StandBy>) {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.retain(|known| known.strong_count() > 0);
        servers.push_back(Arc::downgrade(server));
    }

    /// Workers of a server that can run all of these jobs at once: of each server in turn.
    pub fn reserve(&self, jobs: &[NewJob]) -> Option<Reservation> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        for place in 0..servers.len() {
            let Some(by) = servers[place].upgrade() else {
                continue;
            };
            if let Some(seats) = by.reserve(jobs) {
                servers.rotate_left(place + 1);
                return Some(Reservation {
                    by,
                    seats,
                    is_answered: false,
                });
            }
        }
        None
    }
}

impl Reservation {
    /// For whom to claim.
    pub fn server(&self) -> ServerId {
        self.seats.server
    }

    /// The jobs are the server's; with none, nothing was claimed.
    pub fn seat(mut self, jobs: Vec<ClaimedJob>) {
        self.is_answered = true;
        let seated = if jobs.is_empty() {
            Seated::Nothing
        } else {
            Seated::Claimed(jobs)
        };
        self.by.seat(self.seats, seated);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_answered {
            self.by.seat(self.seats, Seated::Unknown);
        }
    }
}
