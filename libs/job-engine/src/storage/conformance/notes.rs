//! What runs say about themselves.

use std::time::Duration;

use super::stage::{HOUR, Stage, job, jobs, retry, succeeded};
use crate::retention::Retention;
use crate::storage::{
    Command, JobId, Lease, LogLine, NewLine, Progress, RunNotes, Settled, SharedStorage,
};

pub async fn the_newest_progress_is_kept(storage: SharedStorage) {
    let lease = Stage::of(&storage).held_job().await;
    assert_eq!(progress(&storage, lease.job).await, None);

    note(&storage, &[how_far(lease, 1, 10)]).await;
    note(&storage, &[how_far(lease, 7, 10)]).await;
    note(&storage, &[lines(lease, &["no progress here"])]).await;

    let expected = Progress { done: 7, total: 10 };
    assert_eq!(progress(&storage, lease.job).await, Some(expected));
}

pub async fn lines_are_read_in_order_and_in_parts(storage: SharedStorage) {
    let lease = Stage::of(&storage).held_job().await;

    note(
        &storage,
        &[lines(lease, &["one", "two \u{1f980}\0", "three"])],
    )
    .await;

    let log = log(&storage, lease.job, 0).await;
    let text = ["one", "two \u{1f980}", "three"];
    assert!(
        log.iter()
            .zip(text)
            .all(|(line, text)| line.text.starts_with(text))
    );
    assert_eq!(log.len(), 3);
    assert!(log.is_sorted_by(|a, b| a.number < b.number && a.at <= b.at));
    let first = storage.log(lease.job, 0, 1).await.expect("it is read");
    let rest = storage.log(lease.job, log[0].number, 10).await;
    assert_eq!(first, log[..1]);
    assert_eq!(rest.expect("it is read"), log[1..]);
}

pub async fn a_line_that_is_told_twice_is_kept_once(storage: SharedStorage) {
    let lease = Stage::of(&storage).held_job().await;
    let notes = [lines(lease, &["one", "two"])];

    note(&storage, &notes).await;
    note(&storage, &notes).await;

    assert_eq!(log(&storage, lease.job, 0).await.len(), 2);
}

pub async fn a_line_has_the_time_at_which_it_was_said(storage: SharedStorage) {
    let lease = Stage::of(&storage).held_job().await;
    let mut notes = lines(lease, &["an hour ago", "now"]);
    notes.lines[0].age = HOUR;

    note(&storage, &[notes]).await;

    let log = log(&storage, lease.job, 0).await;
    let between = log[1].at.duration_since(log[0].at);
    assert_eq!(between.as_secs(), 3600);
}

pub async fn every_run_adds_to_the_log(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let first = stage.held_job().await;
    note(&storage, &[lines(first, &["first run"])]).await;
    stage.accepted(first, retry("rain", Duration::ZERO)).await;
    stage.enqueue_due().await;
    let server = stage.server().await;
    let second = stage.claim_one(server).await.lease;

    note(&storage, &[lines(second, &["second run"])]).await;
    stage.accepted(second, succeeded()).await;

    let log = log(&storage, first.job, 0).await;
    let text: Vec<&str> = log.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(text, ["first run", "second run"]);
}

pub async fn only_who_holds_a_job_may_speak_for_it(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (held, lost) = (stage.held_job().await, stage.held_job().await);
    stage.command(lost.job, Command::Delete).await;
    let unknown = Lease {
        job: JobId::random(),
        epoch: 1,
    };

    let said = [lost, held, unknown].map(|lease| RunNotes {
        progress: Some(Progress { done: 1, total: 2 }),
        ..lines(lease, &["hear me"])
    });
    let answers = storage.note(&said).await.expect("it is answered");

    assert_eq!(answers, [Settled::Stale, Settled::Accepted, Settled::Stale]);
    assert_eq!(log(&storage, held.job, 0).await.len(), 1);
    for silent in [lost, unknown] {
        assert_eq!(log(&storage, silent.job, 0).await, []);
        assert_eq!(progress(&storage, silent.job).await, None);
    }
}

pub async fn what_was_said_is_removed_with_the_job(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    let notes = RunNotes {
        progress: Some(Progress { done: 2, total: 2 }),
        ..lines(lease, &["done"])
    };
    note(&storage, &[notes]).await;
    stage.accepted(lease, succeeded()).await;
    assert_eq!(log(&storage, lease.job, 0).await.len(), 1);

    let removed = storage
        .remove_expired(Retention::of(Duration::ZERO), 1000)
        .await;

    assert_eq!(removed.expect("it is removed"), 1);
    assert_eq!(log(&storage, lease.job, 0).await, []);
    assert_eq!(progress(&storage, lease.job).await, None);
}

pub async fn many_runs_speak_at_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(job()).await;
    stage.enqueue_all(&jobs(99)).await;
    let held = stage.claim(server, 100).await;

    let said: Vec<RunNotes> = held
        .iter()
        .map(|job| lines(job.lease, &["one", "two", "three"]))
        .collect();
    note(&storage, &said).await;

    for job in held {
        assert_eq!(log(&storage, job.lease.job, 0).await.len(), 3);
    }
}

fn how_far(lease: Lease, done: u64, total: u64) -> RunNotes {
    RunNotes {
        lease,
        progress: Some(Progress { done, total }),
        lines: Vec::new(),
    }
}

fn lines(lease: Lease, lines: &[&str]) -> RunNotes {
    let line = |(place, text): (usize, &&str)| NewLine {
        number: NewLine::number(lease, place),
        age: Duration::ZERO,
        text: (*text).to_owned(),
    };
    RunNotes {
        lease,
        progress: None,
        lines: lines.iter().enumerate().map(line).collect(),
    }
}

async fn note(storage: &SharedStorage, notes: &[RunNotes]) {
    let answers = storage.note(notes).await.expect("it is noted");
    assert_eq!(answers, vec![Settled::Accepted; notes.len()]);
}

async fn progress(storage: &SharedStorage, job: JobId) -> Option<Progress> {
    storage.progress(job).await.expect("it is read")
}

async fn log(storage: &SharedStorage, job: JobId, after: u64) -> Vec<LogLine> {
    storage.log(job, after, 1000).await.expect("it is read")
}
