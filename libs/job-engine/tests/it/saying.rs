use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::{Monitor, Progress};
use job_engine::{Attempt, Job, JobError, JobId, Notepad, Registry, RunningServer, Server, State};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::faulty::{Call, Fault};
use crate::stage::{Stage, options};

/// Says so many lines, and waits for the gate in the middle.
#[derive(Serialize, Deserialize)]
struct Speech {
    lines: u64,
}

impl Job for Speech {
    const NAME: &'static str = "speech";
    type Context = Notify;

    async fn run(&self, gate: &Notify, attempt: &Attempt) -> Result<(), JobError> {
        for line in 0..self.lines {
            if line == self.lines / 2 {
                gate.notified().await;
            }
            attempt.log(format_args!("line {line}"));
            attempt.progress(line + 1, self.lines);
        }
        Ok(())
    }
}

async fn serve(stage: &Stage, gate: &Arc<Notify>) -> RunningServer {
    let registry = Registry::default().with::<Speech>();
    let server = Server::new(stage.storage.clone(), registry, gate.clone());
    let started = server.options(options()).start().await;
    started.expect("the server starts")
}

async fn speak(stage: &Stage, lines: u64) -> JobId {
    let enqueued = stage.client.enqueue(&Speech { lines }).await;
    enqueued.expect("the job is enqueued")
}

async fn text(stage: &Stage, id: JobId) -> Vec<String> {
    let log = stage.storage.log(id, 0, 5000).await;
    let log = log.expect("the log is read");
    log.into_iter().map(|line| line.text).collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_run_says_is_read_while_it_runs() {
    let (stage, gate) = (Stage::empty(), Arc::new(Notify::new()));
    let server = serve(&stage, &gate).await;

    let id = speak(&stage, 4).await;

    stage
        .until(|| async { text(&stage, id).await == ["line 0", "line 1"] })
        .await;
    let progress = stage.storage.progress(id).await.expect("it is read");
    assert_eq!(progress, Some(Progress { done: 2, total: 4 }));
    assert_eq!(stage.state(id).await, State::Processing);
    gate.notify_one();
    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(text(&stage, id).await.len(), 4);
    let progress = stage.storage.progress(id).await.expect("it is read");
    assert_eq!(progress, Some(Progress { done: 4, total: 4 }));
}

#[tokio::test(start_paused = true)]
async fn a_chatty_job_is_written_in_a_few_calls_and_kept_in_part() {
    let (stage, gate) = (Stage::empty(), Arc::new(Notify::new()));
    let server = serve(&stage, &gate).await;
    gate.notify_one();

    let id = speak(&stage, 100_000).await;

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    let lines = text(&stage, id).await;
    assert_eq!(lines.len(), Notepad::MAX_LINES + 1);
    assert_eq!(lines[1000], "The lines that follow are not kept");
    let calls = stage.storage.calls().borrow()[&Call::Note];
    assert!(calls <= 3, "{calls} calls");
}

#[tokio::test(start_paused = true)]
async fn nothing_that_was_said_is_lost_while_the_storage_is_away() {
    let (stage, gate) = (Stage::empty(), Arc::new(Notify::new()));
    let server = serve(&stage, &gate).await;
    stage.storage.fail_next(Call::Note, Fault::Refused, 2);
    stage.storage.fail_next(Call::Note, Fault::AnswerLost, 1);

    let id = speak(&stage, 10).await;
    stage.called(Call::Note, 3).await;
    gate.notify_one();

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    let expected: Vec<String> = (0..10).map(|line| format!("line {line}")).collect();
    assert_eq!(text(&stage, id).await, expected);
}

#[tokio::test(start_paused = true)]
async fn who_speaks_for_a_job_that_was_taken_away_is_told_to_stop() {
    let (stage, gate) = (Stage::empty(), Arc::new(Notify::new()));
    let server = serve(&stage, &gate).await;
    let id = speak(&stage, 2).await;
    stage.called(Call::Note, 1).await;

    let deleted = stage.client.delete(id, "Deleted by Ada").await;
    deleted.expect("the storage answers");
    tokio::time::advance(Duration::from_secs(1)).await;

    stage.until(|| async { server.tally().stale == 1 }).await;
    server.stop().await;
    assert_eq!(text(&stage, id).await, ["line 0"]);
}
