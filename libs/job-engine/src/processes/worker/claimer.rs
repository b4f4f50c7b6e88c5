use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::hold;
use super::idle::Idle;
use crate::processes::Process;
use crate::session::Session;
use crate::storage::{Claim, KnownKind, Outcome, Settlement, StandBy, StorageError};

/// Jobs are claimed ahead of the workers for about this long, and for longer where claims take long.
const AHEAD: Duration = Duration::from_millis(50);

/// The longest claim that the workers are not to wait for. A storage that is slower for longer has more
/// to do than to be asked for more.
const LONGEST_CLAIM: Duration = Duration::from_millis(100);

/// The most that wait behind the running jobs.
const MAX_AHEAD: usize = 2000;

/// A job that was claimed ahead and has waited so long is given back, for others may be free.
const PATIENCE: Duration = Duration::from_secs(1);

/// Fetches jobs in batches for the workers: as many as are free, and, when jobs are short, those
/// that the workers will get to within some milliseconds.
pub(crate) struct Claimer {
    session: Arc<Session>,
    claim: Claim,
    settlements: mpsc::Sender<Settlement>,
    pace: Pace,
    /// More jobs may wait in the storage than were claimed.
    more: bool,
    /// A claim went unanswered, so the storage may think that this server holds jobs of which it
    /// does not know.
    uncertain: bool,
    /// Takes what is enqueued while there is nothing to claim.
    idle: Arc<Idle>,
}

impl Claimer {
    pub(crate) fn of(
        session: &Arc<Session>,
        kinds: Vec<KnownKind>,
        settlements: mpsc::Sender<Settlement>,
    ) -> Self {
        let claim = Claim {
            server: session.server,
            queues: session.options.queues.clone(),
            kinds,
            limit: 0,
        };
        let idle = Arc::new(Idle::of(session, &claim));
        let stands_by: Arc<dyn StandBy> = idle.clone();
        session.storage.stand_by(&stands_by);
        Self {
            session: session.clone(),
            claim,
            settlements,
            pace: Pace::begin(),
            more: false,
            uncertain: false,
            idle,
        }
    }

    /// What was told before a claim is sent is found by that claim, and needs no further one.
    fn heed_wake_ups(&self) {
        pin!(self.session.enqueued.notified()).enable();
    }

    async fn give_back_unanswered(&mut self) -> Result<(), StorageError> {
        self.uncertain |= self.idle.was_lost();
        if self.uncertain {
            let held = self.idle.know();
            let storage = &self.session.storage;
            storage.give_back_except(self.claim.server, &held).await?;
            self.uncertain = false;
        }
        Ok(())
    }

    /// Gives back what waits behind jobs that turned out to be long.
    async fn give_back_delayed(&self) {
        let oldest = self.session.queue.oldest();
        if oldest.is_some_and(|since| since.elapsed() >= PATIENCE) {
            self.give_back_waiting("Handed back: no worker came free in time")
                .await;
        }
    }

    async fn give_back_waiting(&self, reason: &str) {
        for job in self.session.queue.drain() {
            let lease = job.claimed.lease;
            if self.session.leases.end(lease) {
                let reason = reason.to_owned();
                let outcome = Outcome::Returned { reason };
                // Only a server that ends closes the inbox.
                let _ = self.settlements.send(Settlement::new(lease, outcome)).await;
            }
        }
    }
}

#[async_trait]
impl Process for Claimer {
    const NAME: &'static str = "claimer";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        let _looked = self.session.looked.clone().drop_guard();
        self.idle.set(false);
        self.heed_wake_ups();
        let poll_interval = self.session.options.poll_interval;
        self.give_back_unanswered().await?;
        if self.session.quiet.load(Ordering::Acquire) {
            self.give_back_waiting("Handed back: its server takes no more jobs")
                .await;
            self.more = false;
            return Ok(poll_interval);
        }
        self.give_back_delayed().await;

        let look_ahead = self.pace.look_ahead(self.session.queue.done_so_far());
        self.claim.limit = self.session.queue.room(look_ahead);
        if self.claim.limit == 0 {
            self.more = true;
            return Ok(poll_interval);
        }

        self.uncertain = true;
        let asked = Instant::now();
        let claimed = self.session.storage.claim(&self.claim).await?;
        self.pace.claim_took(asked.elapsed());
        self.uncertain = false;
        self.more = claimed.jobs.len() >= self.claim.limit;
        self.session
            .held_back
            .store(claimed.is_held_back, Ordering::Release);
        let jobs = hold(&self.session, claimed.jobs, asked);
        self.session.queue.add(jobs);
        self.idle.set(!self.more);
        Ok(claimed.again_in.unwrap_or(poll_interval).min(poll_interval))
    }

    async fn woken(&self) {
        if self.more {
            self.session.queue.has_room().await;
        } else {
            self.session.enqueued.notified().await;
        }
    }
}

/// How many jobs end per second and how long it takes to claim more, and so how many to claim ahead.
struct Pace {
    per_second: f64,
    measured: Instant,
    done: usize,
    claim_takes: Duration,
}

impl Pace {
    /// The rate over a shorter time is chance.
    const SHORTEST: Duration = Duration::from_millis(2);

    fn begin() -> Self {
        Self {
            per_second: 0.0,
            measured: Instant::now(),
            done: 0,
            claim_takes: Duration::ZERO,
        }
    }

    /// One that took long may be followed by another; once none is they are forgotten by and by.
    fn claim_took(&mut self, took: Duration) {
        let expected = self.claim_takes.mul_f64(0.9);
        self.claim_takes = took.max(expected).min(LONGEST_CLAIM);
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is an estimate, and as a float it is clamped before it becomes a number"
    )]
    fn look_ahead(&mut self, done: usize) -> usize {
        let elapsed = self.measured.elapsed();
        if elapsed >= Self::SHORTEST {
            let now = (done - self.done) as f64 / elapsed.as_secs_f64();
            // What goes faster may be claimed at once; what has slowed down is believed by and by.
            self.per_second = now.max(f64::midpoint(self.per_second, now));
            self.measured = Instant::now();
            self.done = done;
        }
        (self.per_second * self.ahead().as_secs_f64()).min(MAX_AHEAD as f64) as usize
    }

    /// The next claim is sent when half of it is left, which lasts until its jobs come.
    fn ahead(&self) -> Duration {
        AHEAD + 2 * self.claim_takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_longer_claims_take_the_more_jobs_are_claimed_ahead() {
        let mut pace = Pace::begin();
        pace.claim_took(Duration::from_millis(1));
        let quick = look_ahead(&mut pace, 1000).await;
        pace.claim_took(Duration::from_millis(40));
        let slow = look_ahead(&mut pace, 2000).await;

        assert_eq!((quick, slow), (52, 130), "of 1000 jobs a second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_claim_that_took_long_is_forgotten_by_and_by() {
        let mut pace = Pace::begin();
        pace.claim_took(Duration::from_millis(40));
        pace.claim_took(Duration::from_millis(1));
        let soon = look_ahead(&mut pace, 1000).await;
        for _ in 0..100 {
            pace.claim_took(Duration::from_millis(1));
        }
        let later = look_ahead(&mut pace, 2000).await;

        assert_eq!((soon, later), (122, 52));
    }

    #[tokio::test(start_paused = true)]
    async fn a_storage_that_hardly_answers_is_not_asked_for_more_and_more() {
        let mut pace = Pace::begin();
        pace.claim_took(Duration::from_mins(1));

        assert_eq!(look_ahead(&mut pace, 1000).await, 250);
    }

    /// After a second in which the rest of the jobs ended.
    async fn look_ahead(pace: &mut Pace, done: usize) -> usize {
        tokio::time::advance(Duration::from_secs(1)).await;
        pace.look_ahead(done)
    }
}
