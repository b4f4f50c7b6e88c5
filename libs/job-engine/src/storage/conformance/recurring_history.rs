//! What is remembered of recurring jobs.

use std::time::Duration;

use super::recurring_stage::{advance, created, daily, due, entry, find, history, noon, save};
use super::stage::{HOUR, Stage, job, succeeded};
use crate::retention::Retention;
use crate::storage::{
    Advance, Command, Commanded, JobId, KEPT_RUNS, NewRun, RecurringQuery, RecurringRecord,
    RunCause, SharedStorage,
};
use crate::unique::Unique;

pub async fn the_history_tells_the_newest_first(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;
    let mut plan = created(&record, noon());
    plan.runs.insert(
        0,
        entry(RunCause::Missed, noon() - 2 * HOUR, Some(noon() - HOUR)),
    );
    assert_eq!(advance(&storage, &[plan]).await, [true]);

    let runs = storage
        .recurring_runs("nightly", None, 10)
        .await
        .expect("it has a history");
    let older = storage
        .recurring_runs("nightly", Some(2), 10)
        .await
        .expect("it has a history");

    assert_eq!(
        history(&storage, "nightly").await,
        ["2 Due Enqueued", "1 Missed"]
    );
    assert_eq!(older, runs[1..]);
    assert_eq!(
        (runs[1].at, runs[1].until),
        (noon() - 2 * HOUR, Some(noon() - HOUR))
    );
    assert_eq!(runs[1].note.as_deref(), Some("noted"));
    assert_eq!(
        runs[0].drift(),
        Duration::try_from(runs[0].noted_at - noon()).unwrap_or_default()
    );
    let page = storage
        .recurring_jobs(&RecurringQuery::default())
        .await
        .expect("they are listed");
    assert_eq!(page.jobs[0].last.as_ref(), Some(&runs[0]));
    let job = runs[0].job.expect("it has a job");
    assert_eq!(stage.command(job, Command::Delete).await, Commanded::Done);
    assert_eq!(
        history(&storage, "nightly").await,
        ["2 Due Deleted", "1 Missed"]
    );
}

pub async fn the_history_keeps_what_became_of_expired_jobs(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;
    assert_eq!(advance(&storage, &[created(&record, noon())]).await, [true]);
    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, succeeded()).await;

    let removed = storage
        .remove_expired(Retention::of(Duration::ZERO), 10)
        .await;

    assert_eq!(removed.expect("it has expired"), 1);
    assert_eq!(history(&storage, "nightly").await, ["1 Due Succeeded"]);
    let runs = storage
        .recurring_runs("nightly", None, 1)
        .await
        .expect("it has a history");
    assert_eq!(runs[0].duration, Some(Duration::from_millis(7)));
}

pub async fn an_occurrence_whose_job_is_a_duplicate_is_skipped(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let keyed = || {
        let keyed = job().unique(Unique::by("nightly"));
        keyed.expect("it is a key")
    };
    let holder = stage.enqueue(keyed()).await;
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;
    let plan = Advance {
        runs: vec![NewRun {
            job: Some(keyed()),
            note: None,
            ..entry(RunCause::Due, noon(), None)
        }],
        ..created(&record, noon())
    };

    assert_eq!(advance(&storage, &[plan]).await, [true]);

    assert_eq!(history(&storage, "nightly").await, ["1 Skipped"]);
    let runs = storage.recurring_runs("nightly", None, 1).await;
    let note = runs.expect("it has a history").remove(0).note;
    assert_eq!(note, Some(format!("The job {holder} holds its unique key")));
}

pub async fn old_history_is_forgotten_unless_its_job_is_stored(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;
    assert_eq!(advance(&storage, &[created(&record, noon())]).await, [true]);

    for _ in 0..2 {
        let record = find(&storage, "nightly").await;
        let skipped = (0..KEPT_RUNS).map(|_| entry(RunCause::Skipped, noon(), None));
        let plan = Advance {
            runs: skipped.collect(),
            ..created(&record, noon())
        };
        assert_eq!(advance(&storage, &[plan]).await, [true]);
    }

    let runs = storage
        .recurring_runs("nightly", None, 1000)
        .await
        .expect("it has a history");
    let numbers: Vec<i64> = runs.iter().map(|run| run.number).collect();
    let newest = 2 * KEPT_RUNS + 1;
    let expected: Vec<i64> = (newest - KEPT_RUNS + 1..=newest).rev().chain([1]).collect();
    assert_eq!(numbers, expected);
}

pub async fn living_runs_are_told_where_they_must_not_overlap(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for overlap in ["Allow", "Skip"] {
        let record = RecurringRecord {
            overlap: overlap.to_owned(),
            look_at: Some(noon()),
            ..daily(overlap)
        };
        assert!(save(&storage, &record).await);
        for at in [noon(), noon() + HOUR] {
            let record = find(&storage, overlap).await;
            let plan = Advance {
                look_at: Some(noon()),
                ..created(&record, at)
            };
            assert_eq!(advance(&storage, &[plan]).await, [true]);
        }
    }
    let ended = JobId::of_occurrence("Skip", noon());
    assert_eq!(stage.command(ended, Command::Delete).await, Commanded::Done);

    let found = due(&storage).await;

    let living: Vec<&Vec<JobId>> = found.due.iter().map(|due| &due.living).collect();
    let skip = vec![JobId::of_occurrence("Skip", noon() + HOUR)];
    assert_eq!(living, [&Vec::new(), &skip]);
}
