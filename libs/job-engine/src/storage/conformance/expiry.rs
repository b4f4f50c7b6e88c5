//! How finished jobs are removed.

use std::time::Duration;

use super::stage::{HOUR, Stage};
use crate::state::State;
use crate::storage::SharedStorage;

pub async fn finished_jobs_expire(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let succeeded = stage.job_in(State::Succeeded).await;
    let deleted = stage.job_in(State::Deleted).await;

    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 2);

    for id in [succeeded, deleted] {
        assert_eq!(storage.job(id).await.expect("jobs can be read"), None);
    }
    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 0);
}

pub async fn failed_jobs_never_expire(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let mut kept = Vec::new();
    for state in State::ALL.into_iter().filter(|state| !state.expires()) {
        kept.push((stage.job_in(state).await, state));
    }

    assert_eq!(remove_expired(&storage, Duration::ZERO, 100).await, 0);

    for (id, state) in kept {
        assert_eq!(stage.state(id).await, state);
    }
}

pub async fn finished_jobs_stay_for_their_retention(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.job_in(State::Succeeded).await;

    assert_eq!(remove_expired(&storage, HOUR, 100).await, 0);

    assert_eq!(stage.state(id).await, State::Succeeded);
}

pub async fn no_more_than_the_limit_is_removed(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for _ in 0..5 {
        stage.job_in(State::Deleted).await;
    }

    assert_eq!(remove_expired(&storage, Duration::ZERO, 3).await, 3);
    assert_eq!(remove_expired(&storage, Duration::ZERO, 3).await, 2);
}

async fn remove_expired(storage: &SharedStorage, retention: Duration, limit: usize) -> usize {
    let removed = storage.remove_expired(retention, limit).await;
    removed.expect("expired jobs are removed")
}
