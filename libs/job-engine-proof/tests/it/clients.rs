//! Who enqueues, and writes down what came of it.

use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::{JobId, SharedStorage};
use job_engine::{Client, NewJob};
use job_engine_proof::{Answer, Intent, ledger};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::{NoContext, Timestamp, Uuid};

use crate::entry::Entry;
use crate::limits;
use crate::place::Place;
use crate::planted::Planted;
use crate::worker;

pub(crate) const CLIENTS: u64 = 2;

/// A call that takes longer has no answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Enqueue until it is enough, and count the transactions that are acknowledged.
pub(crate) fn start(
    place: &Arc<Place>,
    planted: Planted,
    seed: u64,
    enough: &CancellationToken,
    acknowledged: &watch::Sender<u64>,
) -> JoinSet<Vec<Intent>> {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (place, enough) = (place.clone(), enough.clone());
        let acknowledged = acknowledged.clone();
        clients.spawn(async move {
            let storage = worker::storage(&place).await;
            let one = OneClient {
                chance: StdRng::seed_from_u64(seed + 1 + number),
                client: Client::new(storage),
                place,
                planted,
                acknowledged,
            };
            one.enqueue(enough).await
        });
    }
    clients
}

struct OneClient {
    place: Arc<Place>,
    client: Client,
    planted: Planted,
    chance: StdRng,
    acknowledged: watch::Sender<u64>,
}

impl OneClient {
    async fn enqueue(mut self, enough: CancellationToken) -> Vec<Intent> {
        let mut intents = Vec::new();
        while !enough.is_cancelled() {
            let jobs = self.jobs();
            let ids = jobs.iter().map(|job| job.id).collect();
            let answer = timeout(PATIENCE, self.try_to_enqueue(&jobs)).await;
            let answer = answer.unwrap_or(Answer::Unknown);
            if answer == Answer::Acknowledged {
                self.acknowledged.send_modify(|count| *count += 1);
            }
            intents.push(Intent { jobs: ids, answer });
            let pause = self.pause();
            sleep(pause).await;
        }
        intents
    }

    async fn try_to_enqueue(&mut self, jobs: &[NewJob]) -> Answer {
        let way = self.chance.random_range(0..10);
        match (self.planted, way) {
            (Planted::AcknowledgesBeforeTheCommit, 2..4) => {
                self.place.enqueue_and_roll_back(jobs).await;
                Answer::Acknowledged
            }
            // Nobody is told of these jobs, so that polling has to find them.
            (Planted::LosesWakeUps, _) | (_, 0..2) => self.place.enqueue_and_commit(jobs).await,
            (_, 2..4) => self.place.enqueue_and_roll_back(jobs).await,
            _ => submit(&self.client, jobs).await,
        }
    }

    /// A worker that has just done something looks for more, so wake-ups are missed only by jobs that
    /// come after that. Many jobs at once take their time as well.
    fn pause(&mut self) -> Duration {
        let millis = match self.planted {
            Planted::LosesWakeUps | Planted::IgnoresLimits => 150..300,
            _ => 10..40,
        };
        Duration::from_millis(self.chance.random_range(millis))
    }

    fn jobs(&mut self) -> Vec<NewJob> {
        let count = match self.chance.random_range(0..10) {
            _ if self.planted == Planted::IgnoresLimits => limits::MANY,
            0..2 => self.chance.random_range(2..8),
            _ => 1,
        };
        (0..count).map(|_| self.job()).collect()
    }

    fn job(&mut self) -> NewJob {
        let entry = match self.planted {
            Planted::Nothing | Planted::ForgetsTheJobsOfTheDead | Planted::DoesNotFence => {
                Entry::random(&mut self.chance)
            }
            Planted::IgnoresLimits => Entry::slow(),
            _ => Entry::plain(),
        };
        let mut job = NewJob::of(&entry).expect("it is JSON");
        // Who waits for a time or for room wakes up at that, and finds all others.
        if self.planted == Planted::LosesWakeUps {
            return job;
        }
        job = limits::perhaps(job, self.planted, &mut self.chance);
        match self.chance.random_range(0..10) {
            0 => job.id = self.id_by_a_wrong_clock(),
            1 => job = job.after(Duration::from_millis(self.chance.random_range(0..400))),
            _ => {}
        }
        job
    }

    /// An hour early or late.
    fn id_by_a_wrong_clock(&mut self) -> JobId {
        let skew = self.chance.random_range(0..7200);
        let seconds = ledger::now() / 1_000_000 - 3600 + skew;
        JobId(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0)))
    }
}

async fn submit(client: &Client, jobs: &[NewJob]) -> Answer {
    match client.submit_all(jobs).await {
        Ok(_) => Answer::Acknowledged,
        Err(_) => Answer::Unknown,
    }
}

/// How many jobs are left to do; `None` while the storage does not answer.
pub(crate) async fn unfinished(storage: &SharedStorage) -> Option<u64> {
    let counts = storage.counts().await.ok()?;
    Some(counts.enqueued + counts.scheduled + counts.processing)
}
