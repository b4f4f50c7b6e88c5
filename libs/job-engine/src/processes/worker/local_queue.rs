use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::storage::ClaimedJob;

/// The jobs that this server has claimed and not yet begun. It holds at most as many as the
/// claimer thinks are begun within some milliseconds.
#[derive(Debug)]
pub(crate) struct LocalQueue {
    workers: usize,
    waiting: Mutex<VecDeque<WaitingJob>>,
    /// One permit for each waiting job.
    ready: Semaphore,
    /// Waiting and running jobs, and workers that are reserved.
    in_flight: AtomicUsize,
    /// With fewer in flight, it is time to claim more.
    low_water: AtomicUsize,
    below_low_water: Notify,
    done: AtomicUsize,
}

/// A claimed job and the token that stops it.
#[derive(Debug)]
pub(crate) struct WaitingJob {
    pub(crate) claimed: ClaimedJob,
    pub(crate) cancelled: CancellationToken,
    pub(crate) since: Instant,
    /// A job under a rate begins until then or is handed back.
    pub(crate) begin_by: Option<Instant>,
}

impl LocalQueue {
    pub(crate) fn with_workers(workers: usize) -> Self {
        Self {
            workers,
            waiting: Mutex::default(),
            ready: Semaphore::new(0),
            in_flight: AtomicUsize::new(0),
            low_water: AtomicUsize::new(workers),
            below_low_water: Notify::new(),
            done: AtomicUsize::new(0),
        }
    }

    /// The next job; `None` once the queue is closed.
    pub(crate) async fn next(&self) -> Option<WaitingJob> {
        loop {
            self.ready.acquire().await.ok()?.forget();
            // A drained queue may leave a permit behind.
            if let Some(job) = self.waiting().pop_front() {
                return Some(job);
            }
        }
    }

    /// A job that was taken has ended.
    pub(crate) fn done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.leave(1);
    }

    pub(crate) fn add(&self, jobs: Vec<WaitingJob>) {
        self.in_flight.fetch_add(jobs.len(), Ordering::AcqRel);
        self.line_up(jobs);
    }

    /// Keeps workers free for so many jobs, if so many have nothing to do.
    pub(crate) fn reserve(&self, jobs: usize) -> bool {
        let reserved = |in_flight: usize| {
            let in_flight = in_flight.saturating_add(jobs);
            (in_flight <= self.workers).then_some(in_flight)
        };
        let (set, read) = (Ordering::AcqRel, Ordering::Acquire);
        self.in_flight.fetch_update(set, read, reserved).is_ok()
    }

    /// For these jobs so many workers were reserved.
    pub(crate) fn seat(&self, jobs: Vec<WaitingJob>, reserved: usize) {
        let vacant = reserved.saturating_sub(jobs.len());
        self.line_up(jobs);
        self.free(vacant);
    }

    /// So many reserved workers are free again.
    pub(crate) fn free(&self, workers: usize) {
        if workers > 0 {
            self.leave(workers);
        }
    }

    /// How many more to claim when `look_ahead` jobs may wait behind the running ones; zero while
    /// enough are in flight.
    pub(crate) fn room(&self, look_ahead: usize) -> usize {
        let low_water = self.workers + look_ahead / 2;
        self.low_water.store(low_water, Ordering::Release);
        let in_flight = self.in_flight.load(Ordering::Acquire);
        if in_flight >= low_water {
            return 0;
        }
        self.workers + look_ahead - in_flight
    }

    /// Returns when there may be room again.
    pub(crate) async fn has_room(&self) {
        self.below_low_water.notified().await;
    }

    /// How many jobs have ended so far.
    pub(crate) fn done_so_far(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Since when the oldest job waits.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.waiting().front().map(|job| job.since)
    }

    /// Takes out all that wait.
    pub(crate) fn drain(&self) -> Vec<WaitingJob> {
        let drained: Vec<WaitingJob> = self.waiting().drain(..).collect();
        self.ready.forget_permits(drained.len());
        self.leave(drained.len());
        drained
    }

    /// Gives out no more jobs.
    pub(crate) fn close(&self) {
        self.ready.close();
    }

    fn line_up(&self, jobs: Vec<WaitingJob>) {
        let count = jobs.len();
        self.waiting().extend(jobs);
        self.ready.add_permits(count);
    }

    fn leave(&self, count: usize) {
        let before = self.in_flight.fetch_sub(count, Ordering::AcqRel);
        if before - count < self.low_water.load(Ordering::Acquire) {
            self.below_low_water.notify_one();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<WaitingJob>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
