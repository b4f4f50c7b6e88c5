//! Recurring jobs for the tests of them.

use jiff::Timestamp;

use super::stage::{HOUR, job, job_of};
use crate::storage::{
    Advance, Advanced, DueRecurring, JobId, NewRun, RecurringQuery, RecurringRecord, RunCause,
    SharedStorage,
};

/// `send` at 12:00 UTC, not stored yet and not due.
pub(super) fn daily(id: &str) -> RecurringRecord {
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

pub(super) fn due_since(id: &str, time: Timestamp) -> RecurringRecord {
    // Databases keep microseconds.
    let time = Timestamp::from_microsecond(time.as_microsecond()).expect("it is a time");
    RecurringRecord {
        next_at: Some(time),
        look_at: Some(time),
        ..daily(id)
    }
}

/// The occurrence gets its job, and the next one is in an hour.
pub(super) fn created(record: &RecurringRecord, at: Timestamp) -> Advance {
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

pub(super) fn entry(cause: RunCause, at: Timestamp, until: Option<Timestamp>) -> NewRun {
    NewRun {
        at,
        until,
        cause,
        job: None,
        note: Some("noted".to_owned()),
    }
}

pub(super) fn noon() -> Timestamp {
    time("2026-11-26T12:00:00Z")
}

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().expect("it is a time")
}

pub(super) fn kinds() -> Vec<String> {
    ids(&["send"])
}

pub(super) fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().copied().map(str::to_owned).collect()
}

pub(super) async fn save(storage: &SharedStorage, record: &RecurringRecord) -> bool {
    storage.save_recurring(record).await.expect("it is saved")
}

pub(super) async fn find(storage: &SharedStorage, id: &str) -> RecurringRecord {
    let found = storage.recurring_job(id).await.expect("it is looked for");
    found.expect("it is stored")
}

pub(super) async fn due(storage: &SharedStorage) -> DueRecurring {
    let found = storage.due_recurring(&kinds(), 100).await;
    found.expect("it is looked for")
}

pub(super) fn due_ids(found: &DueRecurring) -> Vec<&str> {
    found.due.iter().map(|due| due.record.id.as_str()).collect()
}

/// Whether each was carried out.
pub(super) async fn advance(storage: &SharedStorage, plans: &[Advance]) -> Vec<bool> {
    let advanced = storage.advance_recurring(plans).await;
    let advanced = advanced.expect("the plans are answered").into_iter();
    advanced.map(|came| came != Advanced::Stale).collect()
}

/// Number, cause and state of each entry.
pub(super) async fn history(storage: &SharedStorage, id: &str) -> Vec<String> {
    let runs = storage.recurring_runs(id, None, 1000).await;
    let runs = runs.expect("the history is told").into_iter();
    runs.map(|run| match run.state {
        Some(state) => format!("{} {} {state}", run.number, run.cause.name()),
        None => format!("{} {}", run.number, run.cause.name()),
    })
    .collect()
}

pub(super) async fn page(
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
