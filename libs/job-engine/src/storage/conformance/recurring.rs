//! How recurring jobs are kept, moved on and remembered.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::stage::{HOUR, Stage, after, job, job_of, succeeded};
use crate::continuation::ContinueOn;
use crate::recurring::plan::plan;
use crate::retention::Retention;
use crate::state::State;
use crate::storage::{
    Advance, Advanced, Command, Commanded, DueRecord, DueRecurring, JobId, KEPT_RUNS, NewRun,
    Origin, RecurringQuery, RecurringRecord, RunCause, SharedStorage,
};
use crate::unique::Unique;

/// Far longer than a wake-up takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn a_record_comes_back_as_it_was(storage: SharedStorage) {
    let record = RecurringRecord {
        look_at: Some(time("2026-11-26T12:00:01Z")),
        paused_at: Some(time("2026-11-26T12:00:02Z")),
        paused_because: Some("Ada \0 said so".replace('\0', "\u{2400}")),
        error: Some("oh".to_owned()),
        code_time_zone: "Europe/Berlin".to_owned(),
        ..daily("nightly")
    };

    assert!(save(&storage, &record).await);

    let stored = find(&storage, "nightly").await;
    let expected = RecurringRecord {
        revision: 1,
        created_at: stored.created_at,
        changed_at: stored.created_at,
        ..record
    };
    assert_eq!(stored, expected);
    let other = storage.recurring_job("weekly").await;
    assert_eq!(other.expect("it is looked for"), None);
}

pub async fn a_change_that_does_not_know_of_an_earlier_one_changes_nothing(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);
    let stored = find(&storage, "nightly").await;

    assert!(!save(&storage, &daily("nightly")).await);
    let paused = RecurringRecord {
        paused_at: Some(stored.created_at),
        ..stored.clone()
    };
    assert!(save(&storage, &paused).await);
    assert!(!save(&storage, &stored).await);

    let now = find(&storage, "nightly").await;
    assert_eq!((now.revision, now.paused_at), (2, Some(stored.created_at)));
    assert_eq!(now.created_at, stored.created_at);
}

pub async fn records_are_listed_by_id(storage: SharedStorage) {
    for id in ["b", "B", "a:2", "a", "c"] {
        assert!(save(&storage, &daily(id)).await);
    }

    let first = page(&storage, None, None, 3).await;
    let second = page(&storage, None, first.1.clone(), 3).await;

    assert_eq!(first, (ids(&["B", "a", "a:2"]), Some("a:2".to_owned())));
    assert_eq!(second, (ids(&["b", "c"]), None));
}

pub async fn records_are_found_by_id_and_by_kind(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly-report")).await);
    let other = RecurringRecord {
        kind: "report_sales".to_owned(),
        ..daily("sales")
    };
    assert!(save(&storage, &other).await);

    let reports = page(&storage, Some("report"), None, 0).await;
    let nightly = page(&storage, Some("nightly-"), None, 0).await;
    let none = page(&storage, Some("%"), None, 0).await;

    assert_eq!(reports.0, ids(&["nightly-report", "sales"]));
    assert_eq!(nightly.0, ids(&["nightly-report"]));
    assert_eq!(none.0, ids(&[]));
}

pub async fn a_record_is_due_when_its_time_has_come(storage: SharedStorage) {
    let now = storage.time().await.expect("it is some time");
    let later = RecurringRecord {
        look_at: Some(now + HOUR),
        ..daily("later")
    };
    let paused = RecurringRecord {
        look_at: None,
        ..daily("paused")
    };
    for record in [
        &due_since("second", now - HOUR),
        &due_since("first", now - 2 * HOUR),
        &later,
        &paused,
    ] {
        assert!(save(&storage, record).await);
    }

    let all = due(&storage).await;
    let one = storage.due_recurring(&kinds(), 1).await;

    assert_eq!(due_ids(&all), ["first", "second"]);
    assert!(all.now >= now);
    let next_in = all.next_in.expect("one is due later");
    assert!(next_in <= HOUR && next_in > HOUR / 2, "{next_in:?}");
    assert_eq!(due_ids(&one.expect("it is looked for")), ["first"]);
}

pub async fn nothing_is_due_where_nothing_recurs(storage: SharedStorage) {
    let found = due(&storage).await;

    assert_eq!((found.due, found.next_in), (Vec::new(), None));
}

pub async fn a_kind_is_left_to_those_who_know_it_for_a_while(storage: SharedStorage) {
    let now = storage.time().await.expect("it is some time");
    let strange = |id: &str, look_at: Timestamp| RecurringRecord {
        kind: "strange".to_owned(),
        ..due_since(id, look_at)
    };
    assert!(save(&storage, &strange("old", now - HOUR)).await);
    assert!(save(&storage, &strange("new", now)).await);
    assert!(save(&storage, &strange("later", now + HOUR)).await);

    let found = due(&storage).await;

    assert_eq!(due_ids(&found), ["old"]);
    assert_eq!(found.next_in, None);
}

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

pub async fn a_removed_record_is_gone_with_its_history(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;
    assert_eq!(advance(&storage, &[created(&record, noon())]).await, [true]);

    let removed = storage.remove_recurring("nightly").await;
    let again = storage.remove_recurring("nightly").await;

    assert!(removed.expect("it is removed"));
    assert!(!again.expect("there is none"));
    assert_eq!(history(&storage, "nightly").await, Vec::<String>::new());
    let details = stage.details(JobId::of_occurrence("nightly", noon())).await;
    assert_eq!(
        (details.summary.state, details.origin),
        (State::Enqueued, None)
    );
}

pub async fn a_created_job_wakes_who_waits(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;

    assert_eq!(advance(&storage, &[created(&record, noon())]).await, [true]);

    let woken = tokio::time::timeout(PATIENCE, storage.job_enqueued(0)).await;
    assert!(woken.is_ok(), "the wake-up was lost");
}

pub async fn a_changed_record_wakes_who_waits(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);

    let woken = tokio::time::timeout(PATIENCE, storage.recurring_changed()).await;

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

/// `send` at 12:00 UTC, not stored yet and not due.
fn daily(id: &str) -> RecurringRecord {
    let job = serde_json::to_string(&job_of("send")).expect("it is JSON");
    RecurringRecord {
        id: id.to_owned(),
        revision: 0,
        kind: "send".to_owned(),
        job,
        schedule: "0 12 * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        code_schedule: "0 12 * * *".to_owned(),
        code_time_zone: "UTC".to_owned(),
        missed_runs: "Relaxed".to_owned(),
        overlap: "Allow".to_owned(),
        next_at: Some(noon()),
        look_at: None,
        paused_at: None,
        paused_because: None,
        error: None,
        runs: 0,
        created_at: noon(),
        changed_at: noon(),
    }
}

fn due_since(id: &str, time: Timestamp) -> RecurringRecord {
    // Databases keep microseconds.
    let time = Timestamp::from_microsecond(time.as_microsecond()).expect("it is a time");
    RecurringRecord {
        next_at: Some(time),
        look_at: Some(time),
        ..daily(id)
    }
}

/// The occurrence gets its job, and the next one is in an hour.
fn created(record: &RecurringRecord, at: Timestamp) -> Advance {
    let job = crate::NewJob {
        id: JobId::of_occurrence(&record.id, at),
        ..job()
    };
    Advance {
        id: record.id.clone(),
        revision: record.revision,
        next_at: Some(at + HOUR),
        look_at: Some(at + HOUR),
        error: None,
        runs: vec![NewRun {
            job: Some(job),
            ..entry(RunCause::Due, at, None)
        }],
    }
}

fn entry(cause: RunCause, at: Timestamp, until: Option<Timestamp>) -> NewRun {
    NewRun {
        at,
        until,
        cause,
        job: None,
        note: Some("noted".to_owned()),
    }
}

fn noon() -> Timestamp {
    time("2026-11-26T12:00:00Z")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("it is a time")
}

fn kinds() -> Vec<String> {
    ids(&["send"])
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().copied().map(str::to_owned).collect()
}

async fn save(storage: &SharedStorage, record: &RecurringRecord) -> bool {
    storage.save_recurring(record).await.expect("it is saved")
}

async fn find(storage: &SharedStorage, id: &str) -> RecurringRecord {
    let found = storage.recurring_job(id).await.expect("it is looked for");
    found.expect("it is stored")
}

async fn due(storage: &SharedStorage) -> DueRecurring {
    let found = storage.due_recurring(&kinds(), 100).await;
    found.expect("it is looked for")
}

fn due_ids(found: &DueRecurring) -> Vec<&str> {
    found.due.iter().map(|due| due.record.id.as_str()).collect()
}

/// Whether each was carried out.
async fn advance(storage: &SharedStorage, plans: &[Advance]) -> Vec<bool> {
    let advanced = storage.advance_recurring(plans).await;
    let advanced = advanced.expect("the plans are answered").into_iter();
    advanced.map(|came| came != Advanced::Stale).collect()
}

/// Number, cause and state of each entry.
async fn history(storage: &SharedStorage, id: &str) -> Vec<String> {
    let runs = storage.recurring_runs(id, None, 1000).await;
    let runs = runs.expect("the history is told").into_iter();
    runs.map(|run| match run.state {
        Some(state) => format!("{} {} {state}", run.number, run.cause.name()),
        None => format!("{} {}", run.number, run.cause.name()),
    })
    .collect()
}

async fn page(
    storage: &SharedStorage,
    containing: Option<&str>,
    after: Option<String>,
    limit: usize,
) -> (Vec<String>, Option<String>) {
    let query = RecurringQuery {
        containing: containing.map(str::to_owned),
        after,
        limit,
    };
    let page = storage
        .recurring_jobs(&query)
        .await
        .expect("they are listed");
    let ids = page.jobs.into_iter().map(|job| job.record.id).collect();
    (ids, page.next)
}
