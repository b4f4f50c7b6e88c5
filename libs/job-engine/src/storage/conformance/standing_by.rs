//! Servers that stand by: a storage claims for them what it stores, or wakes them as all others.

use std::slice;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::stage::{Stage, job, jobs, succeeded};
use super::wake_ups::wake_ups;
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::{ClaimedJob, Limit, Limited, Seated, Seats, ServerId, SharedStorage, StandBy};

/// Far longer than a wake-up takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes whatever it is offered.
#[derive(Debug)]
struct Eager {
    server: ServerId,
    seated: Mutex<Vec<ClaimedJob>>,
}

impl Eager {
    fn at(storage: &SharedStorage, server: ServerId) -> Arc<Self> {
        let eager = Arc::new(Self {
            server,
            seated: Mutex::default(),
        });
        let stands_by: Arc<dyn StandBy> = eager.clone();
        storage.stand_by(&stands_by);
        eager
    }

    fn seated(&self) -> Vec<ClaimedJob> {
        std::mem::take(&mut self.seated.lock().expect("nobody panics"))
    }
}

impl StandBy for Eager {
    fn reserve(&self, jobs: &[NewJob]) -> Option<Seats> {
        Some(Seats {
            server: self.server,
            workers: jobs.len(),
            round: 0,
        })
    }

    fn seat(&self, _seats: Seats, seated: Seated) {
        if let Seated::Claimed(jobs) = seated {
            self.seated.lock().expect("nobody panics").extend(jobs);
        }
    }
}

pub async fn what_is_claimed_at_once_is_as_any_claim(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let eager = Eager::at(&storage, server);

    let job = job().tagged(["mail"]).expect("it fits");
    let id = stage.enqueue(job.clone()).await;
    let at_once = eager.seated();
    let later = stage.claim(server, 10).await;

    assert_eq!(at_once.len() + later.len(), 1, "it is claimed once");
    let claimed = at_once.into_iter().chain(later).next().expect("it is one");
    assert_eq!(stage.state(id).await, State::Processing);
    assert_eq!(stage.details(id).await.summary.server, Some(server));
    assert_eq!((claimed.lease.job, claimed.attempt), (id, 1));
    assert_eq!(claimed.arguments, job.arguments);
    assert_eq!(claimed.tags, job.tags);
    stage.accepted(claimed.lease, succeeded()).await;
    let states = [State::Enqueued, State::Processing, State::Succeeded];
    assert_eq!(stage.states(id).await, states);
}

pub async fn what_is_not_claimed_at_once_wakes_who_waits(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let eager = Eager::at(&storage, ServerId::random());
    let seen = wake_ups(&storage).await;

    let id = stage.enqueue(job()).await;

    assert_eq!(eager.seated(), [], "nobody would notice its death");
    assert_eq!(stage.state(id).await, State::Enqueued);
    let woken = tokio::time::timeout(PATIENCE, storage.job_enqueued(seen)).await;
    assert!(woken.is_ok(), "nobody was woken");
}

pub async fn a_paused_queue_gives_nothing_at_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let eager = Eager::at(&storage, stage.server().await);
    let paused = storage.pause_queue("default", "Ada", "").await;
    paused.expect("the queue is paused");

    stage.enqueue_all(&jobs(2)).await;

    assert_eq!(eager.seated(), []);
}

pub async fn a_limit_holds_for_what_is_claimed_at_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let eager = Eager::at(&storage, server);
    let queue = Limited::Queue("default".to_owned());
    let limited = storage.set_limit(&queue, Limit::at_once(1)).await;
    limited.expect("the queue is limited");

    for _ in 0..3 {
        stage.enqueue(job()).await;
    }

    let at_once = eager.seated().len();
    let later = stage.claim(server, 10).await.len();
    assert_eq!(at_once + later, 1);
}

pub async fn a_key_counts_for_what_is_claimed_at_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let eager = Eager::at(&storage, server);

    for _ in 0..3 {
        let keyed = NewJob {
            limit_key: Some("mail".to_owned()),
            ..job()
        };
        stage.enqueue(keyed).await;
    }

    let at_once = eager.seated().len();
    let later = stage.claim(server, 10).await.len();
    assert_eq!(at_once + later, 1);
}

pub async fn what_waits_for_its_time_is_not_claimed_at_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let eager = Eager::at(&storage, stage.server().await);

    let id = stage.enqueue(job().after(super::stage::HOUR)).await;

    assert_eq!(eager.seated(), []);
    assert_eq!(stage.state(id).await, State::Scheduled);
}

pub async fn what_is_refused_is_not_claimed(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let known = job();
    stage.enqueue(known.clone()).await;
    let eager = Eager::at(&storage, stage.server().await);

    let refused = storage.enqueue(slice::from_ref(&known)).await;

    assert!(refused.is_err());
    assert_eq!(eager.seated(), []);
    assert_eq!(stage.state(known.id).await, State::Enqueued);
}

pub async fn who_no_longer_stands_by_gets_nothing(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    drop(Eager::at(&storage, stage.server().await));

    let id = stage.enqueue(job()).await;

    assert_eq!(stage.state(id).await, State::Enqueued);
}
