//! How the time of scheduled jobs comes.

use std::time::Duration;

use super::stage::{HOUR, Stage, fact, job, past_job, retry};
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::{DueJobs, SharedStorage};

pub async fn a_due_job_is_enqueued(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let past = stage.enqueue(past_job()).await;
    let now = stage.enqueue(job().after(Duration::ZERO)).await;
    assert_eq!(stage.state(past).await, State::Scheduled);
    assert_eq!(stage.state(now).await, State::Scheduled);

    let due = storage
        .enqueue_due(10)
        .await
        .expect("due jobs are enqueued");

    let expected = DueJobs {
        enqueued: 2,
        next_in: None,
    };
    assert_eq!(due, expected);
    for id in [past, now] {
        let details = stage.details(id).await;
        assert_eq!(details.summary.state, State::Enqueued);
        assert_eq!(details.summary.due_at, None);
        assert!(details.summary.reason.is_some());
        assert_eq!(fact(&details.history[1], "Queue"), Some(&"default".into()));
        let states = stage.states(id).await;
        assert_eq!(states, [State::Scheduled, State::Enqueued]);
    }
}

pub async fn a_job_whose_time_has_not_come_stays_scheduled(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.enqueue(job().after(HOUR)).await;

    let due = storage
        .enqueue_due(10)
        .await
        .expect("due jobs are enqueued");

    assert_eq!(due.enqueued, 0);
    let next_in = due.next_in.expect("a job is scheduled");
    assert!(next_in <= HOUR && next_in > HOUR / 2, "{next_in:?}");
    assert_eq!(stage.state(id).await, State::Scheduled);
}

pub async fn no_more_than_the_limit_is_enqueued(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let jobs: Vec<NewJob> = (0..5).map(|_| past_job()).collect();
    stage.enqueue_all(&jobs).await;

    let due = storage.enqueue_due(3).await.expect("due jobs are enqueued");

    let expected = DueJobs {
        enqueued: 3,
        next_in: Some(Duration::ZERO),
    };
    assert_eq!(due, expected);
    assert_eq!(stage.enqueue_due().await, 2);
    assert_eq!(stage.enqueue_due().await, 0);
}

pub async fn nothing_is_next_when_nothing_is_scheduled(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue(job()).await;

    let due = storage
        .enqueue_due(10)
        .await
        .expect("due jobs are enqueued");

    assert_eq!(due, DueJobs::default());
}

pub async fn a_retry_goes_on_counting_attempts(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(job()).await;
    let first = stage.claim_one(server).await;
    let outcome = retry("rain", Duration::ZERO);
    stage.accepted(first.lease, outcome).await;

    assert_eq!(stage.enqueue_due().await, 1);

    let second = stage.claim_one(server).await;
    assert_eq!(second.lease.job, id);
    assert_eq!(second.attempt, 2);
    assert_eq!(stage.details(id).await.summary.attempts, 2);
}

pub async fn a_due_job_keeps_its_queue_and_priority(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(job().in_queue("mail")).await;
    let urgent = past_job().in_queue("mail").with_priority(9);
    let urgent = stage.enqueue(urgent).await;

    assert_eq!(stage.enqueue_due().await, 1);

    let claimed = stage.claim_of(server, &["mail"], &["send"], 1).await;
    assert_eq!(claimed[0].lease.job, urgent);
    assert_eq!(claimed[0].queue, "mail");
}

pub async fn two_schedulers_enqueue_each_due_job_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let jobs: Vec<NewJob> = (0..200).map(|_| past_job()).collect();
    stage.enqueue_all(&jobs).await;

    let schedulers = [0, 1].map(|_| {
        let stage = Stage::of(&storage);
        tokio::spawn(async move { stage.enqueue_due().await })
    });
    let mut enqueued = 0;
    for scheduler in schedulers {
        enqueued += scheduler.await.expect("a scheduler ends well");
    }
    enqueued += stage.enqueue_due().await;

    assert_eq!(enqueued, 200);
    assert_eq!(stage.states(jobs[7].id).await.len(), 2);
}
