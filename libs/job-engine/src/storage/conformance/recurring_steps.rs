//! How recurring jobs move on.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::recurring_stage::{
    advance, created, daily, due, due_since, entry, find, history, noon, save,
};
use super::stage::{HOUR, Stage, after, job, succeeded};
use crate::continuation::ContinueOn;
use crate::recurring::plan::plan;
use crate::state::State;
use crate::storage::{
    Advance, DueRecord, JobId, NewRun, Origin, RecurringRecord, RunCause, SharedStorage,
};

/// Far longer than a wake-up takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn a_step_creates_the_job_and_moves_on(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;
    let id = JobId::of_occurrence("nightly", noon());

    let carried_out = advance(&storage, &[created(&record, noon())]).await;

    assert_eq!(carried_out, [true]);
    let moved = find(&storage, "nightly").await;
    assert_eq!((moved.revision, moved.runs), (2, 1));
    assert_eq!(moved.next_at, Some(noon() + HOUR));
    assert_eq!(moved.look_at, Some(noon() + HOUR));
    let details = stage.details(id).await;
    assert_eq!(details.summary.state, State::Enqueued);
    let origin = Origin {
        recurring_job: "nightly".to_owned(),
        run: 1,
        at: noon(),
        cause: RunCause::Due,
    };
    assert_eq!(details.origin, Some(origin));
}

pub async fn a_created_job_that_waits_for_what_has_ended_runs_at_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let parent = stage.enqueue(job()).await;
    stage.run(parent, succeeded()).await;
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;
    let mut plan = created(&record, noon());
    let child = after([parent], ContinueOn::AnyEnd);
    let id = child.id;
    plan.runs[0].job = Some(child);

    assert_eq!(advance(&storage, &[plan]).await, [true]);

    assert_eq!(stage.state(id).await, State::Enqueued);
}

pub async fn a_plain_job_comes_from_nowhere(storage: SharedStorage) {
    let stage = Stage::of(&storage);

    let id = stage.enqueue(job()).await;

    assert_eq!(stage.details(id).await.origin, None);
}

pub async fn a_step_of_an_old_revision_changes_nothing(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);
    assert!(save(&storage, &daily("weekly")).await);
    let old = find(&storage, "nightly").await;
    assert!(save(&storage, &old).await);
    let weekly = find(&storage, "weekly").await;

    let plans = [created(&old, noon()), created(&weekly, noon())];
    let carried_out = advance(&storage, &plans).await;

    assert_eq!(carried_out, [false, true]);
    let nightly = find(&storage, "nightly").await;
    assert_eq!((nightly.revision, nightly.runs), (2, 0));
    let job = storage.job(JobId::of_occurrence("nightly", noon())).await;
    assert_eq!(job.expect("it is looked for"), None);
    let unknown = Advance {
        id: "unknown".to_owned(),
        ..created(&weekly, noon())
    };
    assert_eq!(advance(&storage, &[unknown]).await, [false]);
}

pub async fn an_occurrence_whose_job_is_stored_is_not_created_again(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = JobId::of_occurrence("nightly", noon());
    stage.enqueue(crate::NewJob { id, ..job() }).await;
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;

    let carried_out = advance(&storage, &[created(&record, noon())]).await;

    assert_eq!(carried_out, [true]);
    assert_eq!(find(&storage, "nightly").await.next_at, Some(noon() + HOUR));
    assert_eq!(stage.states(id).await, [State::Enqueued]);
    assert_eq!(history(&storage, "nightly").await, Vec::<String>::new());
}

pub async fn a_job_that_stands_in_a_step_twice_is_created_once(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;
    let mut plan = created(&record, noon());
    plan.runs.push(plan.runs[0].clone());

    assert_eq!(advance(&storage, &[plan]).await, [true]);

    assert_eq!(find(&storage, "nightly").await.runs, 2);
    assert_eq!(history(&storage, "nightly").await, ["1 Due Enqueued"]);
}

pub async fn a_step_whose_job_cannot_be_stored_changes_nothing(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);
    assert!(save(&storage, &daily("weekly")).await);
    let weekly = created(&find(&storage, "weekly").await, noon());
    let mut nightly = created(&find(&storage, "nightly").await, noon());
    let orphan = after([JobId::random()], ContinueOn::AnyEnd);
    nightly.runs.push(NewRun {
        job: Some(orphan),
        ..entry(RunCause::Due, noon(), None)
    });

    let advanced = storage.advance_recurring(&[weekly, nightly]).await;

    advanced.expect_err("the job waits for one that is not stored");
    for id in ["nightly", "weekly"] {
        let record = find(&storage, id).await;
        assert_eq!((record.revision, record.runs), (1, 0), "{id} moved on");
        let job = storage.job(JobId::of_occurrence(id, noon())).await;
        assert_eq!(job.expect("it is looked for"), None);
    }
}

pub async fn many_servers_create_each_occurrence_once(storage: SharedStorage) {
    let now = storage.time().await.expect("it is some time");
    let names: Vec<String> = (0..10).map(|number| format!("job-{number}")).collect();
    for name in &names {
        let record = RecurringRecord {
            missed_runs: "Strict".to_owned(),
            schedule: "*/30 * * * * *".to_owned(),
            ..due_since(name, now - Duration::from_mins(5))
        };
        assert!(save(&storage, &record).await);
    }

    let servers: Vec<_> = (0..8)
        .map(|_| tokio::spawn(catch_up(storage.clone())))
        .collect();
    let mut carried_out = 0;
    for server in servers {
        carried_out += server.await.expect("the server goes on");
    }

    assert!(carried_out >= names.len());
    for name in &names {
        let runs = storage
            .recurring_runs(name, None, 1000)
            .await
            .expect("it has a history");
        let times: BTreeSet<Timestamp> = runs.iter().map(|run| run.at).collect();
        assert_eq!(times.len(), runs.len(), "an occurrence was created twice");
        assert!(runs.len() >= 10, "{}", runs.len());
        for run in runs {
            let job = run.job.expect("each occurrence has a job");
            assert_eq!(job, JobId::of_occurrence(name, run.at));
            assert_eq!(run.state, Some(State::Enqueued));
        }
    }
}

pub async fn a_created_job_wakes_who_waits(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;

    assert_eq!(advance(&storage, &[created(&record, noon())]).await, [true]);

    let woken = tokio::time::timeout(PATIENCE, storage.job_enqueued(0)).await;
    assert!(woken.is_ok(), "the wake-up was lost");
}

/// What a server does with what is due, until nothing is; answers how many plans were carried out.
async fn catch_up(storage: SharedStorage) -> usize {
    let mut carried_out = 0;
    loop {
        let found = due(&storage).await;
        if found.due.is_empty() {
            return carried_out;
        }
        let planned = |due: &DueRecord| plan(due, found.now, None).advance;
        let plans: Vec<Advance> = found.due.iter().map(planned).collect();
        let done = advance(&storage, &plans).await;
        carried_out += done.into_iter().filter(|done| *done).count();
    }
}
