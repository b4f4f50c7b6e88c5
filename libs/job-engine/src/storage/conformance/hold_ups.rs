//! Why jobs wait.

use std::time::Duration;

use super::stage::{HOUR, Stage, job, job_of, succeeded};
use crate::storage::{HoldUps, JobId, Limit, Limited, SharedStorage};

pub async fn nothing_holds_up_a_job_that_can_run(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.enqueue(job()).await;

    assert_eq!(hold_ups(&storage, id).await, HoldUps::default());
}

pub async fn a_paused_queue_holds_up_its_jobs(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.enqueue(job()).await;
    let other = stage.enqueue(job().in_queue("mail")).await;

    let paused = storage.pause_queue("default", "Ada", "Maintenance").await;

    paused.expect("the queue is paused");
    let pause = hold_ups(&storage, id).await.pause.expect("it is paused");
    assert_eq!(
        (pause.by.as_str(), pause.reason.as_str()),
        ("Ada", "Maintenance")
    );
    assert_eq!(hold_ups(&storage, other).await.pause, None);
}

pub async fn a_used_up_limit_says_who_holds_it(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    set(
        &storage,
        Limited::Queue("default".to_owned()),
        Limit::at_once(5),
    )
    .await;
    let keyed = || job().limited_by("account/1").expect("the key fits");
    let running = stage.enqueue(keyed()).await;
    let claimed = stage.claim_one(server).await;
    let waiting = stage.enqueue(keyed()).await;

    let limits = hold_ups(&storage, waiting).await.limits;

    assert_eq!(limits.len(), 2);
    assert_eq!(limits[0].of, Limited::Queue("default".to_owned()));
    assert_eq!((limits[0].room.free, limits[0].held_by.len()), (4, 1));
    assert_eq!(limits[1].of, Limited::Key("account/1".to_owned()));
    assert_eq!(limits[1].limit, Limit::OF_A_KEY);
    assert_eq!(limits[1].room.free, 0);
    assert_eq!(limits[1].held_by, [running]);
    stage.accepted(claimed.lease, succeeded()).await;
    let limits = hold_ups(&storage, waiting).await.limits;
    assert_eq!((limits[1].room.free, limits[1].held_by.len()), (1, 0));
}

pub async fn a_closed_rate_says_when_it_opens(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let limit = Limit::per(HOUR, 1);
    set(&storage, Limited::Queue("default".to_owned()), limit).await;
    stage.enqueue(job()).await;
    let waiting = stage.enqueue(job()).await;
    let claimed = stage.claim_one(server).await;
    stage.accepted(claimed.lease, succeeded()).await;

    let limits = hold_ups(&storage, waiting).await.limits;

    assert_eq!(limits[0].limit, limit);
    assert_eq!(limits[0].room.free, 0);
    assert!(limits[0].room.opens_in.is_some_and(|wait| wait > HOUR / 2));
}

pub async fn only_waiting_jobs_are_held_up(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let delayed = job().after(HOUR).limited_by("a").expect("the key fits");
    let id = stage.enqueue(delayed).await;

    assert_eq!(hold_ups(&storage, id).await, HoldUps::default());
    let unknown = JobId::random();
    assert_eq!(hold_ups(&storage, unknown).await, HoldUps::default());
}

pub async fn why_a_job_is_where_it_is_is_told(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let waits = stage.enqueue(job()).await;
    let later = stage.enqueue(job().after(HOUR)).await;
    assert_eq!(
        why(&stage, waits).await,
        "Waits, because no server is running."
    );

    stage.server().await;
    assert_eq!(why(&stage, waits).await, "Waits for a worker; one is free.");
    let paused = storage.pause_queue("default", "ada", "rain").await;
    paused.expect("it is paused");

    let because = "Waits, because ada paused its queue: rain.";
    assert_eq!(why(&stage, waits).await, because);
    assert!(why(&stage, later).await.starts_with("It is due in "));
}

async fn why(stage: &Stage, job: JobId) -> String {
    let summary = stage.details(job).await.summary;
    let why = stage.storage.why(&summary, HOUR).await;
    why.expect("it is told")
}

pub async fn kinds_that_no_living_server_knows_are_told(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.server().await;
    stage.enqueue(job()).await;
    let first = stage.enqueue(job_of("unknown")).await;
    stage.enqueue(job_of("unknown")).await;
    stage.enqueue(job_of("later").after(HOUR)).await;
    let since = stage.details(first).await.summary.changed_at;

    let unknown = storage.unknown_kinds(HOUR).await;

    let unknown = unknown.expect("kinds are listed");
    assert_eq!(unknown.len(), 1);
    assert_eq!((unknown[0].kind.as_str(), unknown[0].jobs), ("unknown", 2));
    assert_eq!(unknown[0].waiting_since, since);
    let nobody_lives = storage.unknown_kinds(Duration::ZERO).await;
    assert_eq!(nobody_lives.expect("kinds are listed").len(), 2);
}

async fn hold_ups(storage: &SharedStorage, id: JobId) -> HoldUps {
    let answer = storage.hold_ups(id).await;
    answer.expect("the storage answers")
}

async fn set(storage: &SharedStorage, of: Limited, limit: Limit) {
    let set = storage.set_limit(&of, limit).await;
    set.expect("the limit is set");
}
