use std::time::Duration;

use jiff::SignedDuration;
use job_engine::recurring::{MissedRuns, Overlap, RecurringJob, Schedule};
use job_engine::storage::{RecurringRecord, RecurringRun, RecurringStorage, RunCause};
use job_engine::{NewJob, ServerOptions, State};

use crate::faulty::{Call, Fault};
use crate::stage::{Stage, errand, options};
use crate::world::Act;

#[tokio::test(start_paused = true)]
async fn a_recurring_job_runs_again_and_again() {
    let stage = Stage::empty();
    let server = stage.start().await;

    stage.recurs("water", "@every 1h", |job| job).await;

    stage.world.saw("water is done", 3).await;
    server.stop().await;
    let runs = stage.runs("water").await;
    assert!(
        runs.iter().all(|run| run.cause == RunCause::Due),
        "{runs:?}"
    );
    assert!(
        runs.iter()
            .all(|run| run.drift() < Duration::from_millis(100))
    );
}

#[tokio::test(start_paused = true)]
async fn an_occurrence_does_not_wait_for_the_next_poll() {
    let stage = Stage::empty();
    let poll_interval = Duration::from_hours(5);
    let server = stage
        .start_with(ServerOptions {
            poll_interval,
            ..options()
        })
        .await;
    stage.called(Call::Claim, 1).await;

    stage.recurs("water", "@every 1h", |job| job).await;

    stage.world.saw("water is done", 2).await;
    server.stop().await;
    let drifts: Vec<Duration> = stage
        .runs("water")
        .await
        .iter()
        .map(RecurringRun::drift)
        .collect();
    assert!(
        drifts
            .iter()
            .all(|drift| *drift < Duration::from_millis(100)),
        "{drifts:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_occurrence_is_created_once_though_the_answer_was_lost() {
    let stage = Stage::empty();
    let server = stage.start().await;
    stage
        .storage
        .fail_next(Call::AdvanceRecurring, Fault::AnswerLost, 1);

    stage.recurs("water", "@every 1h", |job| job).await;

    stage.world.saw("water is done", 2).await;
    server.stop().await;
    let runs = stage.runs("water").await;
    assert_eq!(stage.world.count("water is done"), runs.len());
    let apart = runs[0].at.duration_since(runs[1].at);
    assert_eq!(apart, SignedDuration::from_hours(1));
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_while_no_server_ran_is_made_up_for_by_one_run() {
    let stage = Stage::empty();
    stage.recurs("water", "@every 1h", |job| job).await;
    stage.hours_pass("water", 5).await;

    let server = stage.start().await;

    stage.world.saw("water is done", 1).await;
    server.stop().await;
    assert_eq!(
        stage.causes("water").await,
        [RunCause::Missed, RunCause::CaughtUp]
    );
}

#[tokio::test(start_paused = true)]
async fn strictly_every_missed_run_is_made_up_for() {
    let stage = Stage::empty();
    let strict = |job: RecurringJob| job.missed_runs(MissedRuns::Strict);
    stage.recurs("water", "@every 1h", strict).await;
    stage.hours_pass("water", 3).await;

    let server = stage.start().await;

    stage.world.saw("water is done", 3).await;
    server.stop().await;
    let causes = stage.causes("water").await;
    assert!(
        causes.iter().all(|cause| *cause == RunCause::CaughtUp),
        "{causes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_occurrence_is_left_out_while_an_earlier_run_lives() {
    let stage = Stage::empty();
    stage.world.script("water", &[Act::Wait, Act::Succeed]);
    let server = stage.start().await;

    stage
        .recurs("water", "@every 1h", |job| job.overlap(Overlap::Skip))
        .await;

    stage
        .until(|| async { stage.runs("water").await.len() == 3 })
        .await;
    assert_eq!(stage.world.count("water runs, attempt 1"), 1);
    stage.world.gate.notify_one();
    stage.world.saw("water runs, attempt 1", 2).await;
    server.stop().await;
    let causes = stage.causes("water").await;
    assert_eq!(
        causes[..3],
        [RunCause::Due, RunCause::Skipped, RunCause::Skipped]
    );
    assert!(causes[3..].contains(&RunCause::Due));
}

#[tokio::test(start_paused = true)]
async fn an_earlier_run_is_replaced() {
    let stage = Stage::empty();
    stage.world.script("water", &[Act::Wait, Act::Succeed]);
    let server = stage.start().await;

    stage
        .recurs("water", "@every 1h", |job| job.overlap(Overlap::Replace))
        .await;

    stage.world.saw("water is done", 1).await;
    stage.world.saw("water stops waiting", 1).await;
    server.stop().await;
    let first = stage.runs("water").await.pop().expect("it has a history");
    let first = first.job.expect("it has a job");
    assert_eq!(stage.state(first).await, State::Deleted);
    let reasons = stage.reasons(first).await;
    assert_eq!(reasons, ["Replaced by the next run of `water`"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_nobody_knows_is_enqueued_and_said() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let schedule = Schedule::parse("@every 1h", "UTC").expect("it is a schedule");
    let strange = NewJob {
        kind: "strange".to_owned(),
        ..NewJob::of(&errand("water")).expect("it is JSON")
    };
    let strange = RecurringJob::enqueuing("water", strange, schedule);
    let added = stage.client.recurring().add_or_update(&strange).await;
    added.expect("it is added");

    stage
        .until(|| async { !stage.runs("water").await.is_empty() })
        .await;

    server.stop().await;
    let error = stage.record("water").await.error.expect("it is said");
    let expected = "no running server knows jobs of the kind `strange`; test:1 has enqueued it all the same, and it waits for one that does";
    assert_eq!(error, expected);
    let run = stage.runs("water").await.remove(0);
    assert_eq!(run.state, Some(State::Enqueued));
    assert!(run.drift() >= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said_and_made_up_for_when_it_can() {
    let stage = Stage::empty();
    stage.recurs("water", "@every 1h", |job| job).await;
    let broken = RecurringRecord {
        time_zone: "Mars/Base".to_owned(),
        ..stage.record("water").await
    };
    assert!(
        stage
            .storage
            .save_recurring(&broken)
            .await
            .expect("it is saved")
    );
    let server = stage.start().await;
    stage
        .until(|| async { stage.record("water").await.error.is_some() })
        .await;
    assert_eq!(stage.runs("water").await, []);

    let repaired = RecurringRecord {
        time_zone: "UTC".to_owned(),
        ..stage.record("water").await
    };
    assert!(
        stage
            .storage
            .save_recurring(&repaired)
            .await
            .expect("it is saved")
    );

    stage.world.saw("water is done", 1).await;
    server.stop().await;
    assert_eq!(stage.record("water").await.error, None);
    let made_up_for = stage.runs("water").await.pop().expect("it has a history");
    assert_eq!(Some(made_up_for.at), broken.next_at);
}

#[tokio::test(start_paused = true)]
async fn what_the_storage_refuses_is_said_and_stops_nobody_else() {
    let stage = Stage::empty();
    stage.recurs("feed", "@every 1h", |job| job).await;
    stage.recurs("water", "@every 1h", |job| job).await;
    tokio::time::advance(Duration::from_hours(1)).await;
    // Once both together, and then the first alone.
    let refused = (Call::AdvanceRecurring, Fault::Corrupt, 2);
    stage.storage.fail_next(refused.0, refused.1, refused.2);

    let server = stage.start().await;

    stage.world.saw("water is done", 1).await;
    let error = stage.record("feed").await.error.expect("it is said");
    assert_eq!(
        error,
        "the job storage holds something unreadable: odd bytes"
    );
    assert_eq!(stage.world.count("feed is done"), 0);
    stage.world.saw("feed is done", 1).await;
    server.stop().await;
    assert_eq!(stage.record("feed").await.error, None);
}

#[tokio::test(start_paused = true)]
async fn a_paused_job_does_not_run() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let recurring = stage.client.recurring();
    stage.recurs("water", "@every 1h", |job| job).await;
    stage.recurs("feed", "@every 1h", |job| job).await;

    assert!(
        recurring
            .pause("water", "Holidays")
            .await
            .expect("it is paused")
    );

    stage.world.saw("feed is done", 3).await;
    assert_eq!(stage.runs("water").await, []);
    assert!(recurring.resume("water").await.expect("it is resumed"));
    stage.world.saw("water is done", 1).await;
    server.stop().await;
    assert_eq!(stage.causes("water").await[0], RunCause::Due);
}

impl Stage {
    /// An errand of this name that comes again and again under the same name.
    async fn recurs(
        &self,
        name: &str,
        schedule: &str,
        with: impl FnOnce(RecurringJob) -> RecurringJob,
    ) {
        let schedule = Schedule::parse(schedule, "UTC").expect("it is a schedule");
        let job = RecurringJob::new(name, &errand(name), schedule).expect("it is JSON");
        let added = self.client.recurring().add_or_update(&with(job)).await;
        added.expect("it is added");
    }

    /// Until so many hourly occurrences are over, the last one for half an hour.
    async fn hours_pass(&self, id: &str, occurrences: i64) {
        let first = self.record(id).await.next_at.expect("it has a next run");
        let now = self.storage.time().await.expect("it is some time");
        let until_first = first.duration_since(now);
        let all = until_first + SignedDuration::from_mins((occurrences - 1) * 60 + 30);
        tokio::time::advance(all.try_into().expect("it is ahead")).await;
    }

    async fn record(&self, id: &str) -> RecurringRecord {
        let record = self.storage.recurring_job(id).await;
        record.expect("it is looked for").expect("it is stored")
    }

    /// Newest first.
    async fn runs(&self, id: &str) -> Vec<RecurringRun> {
        let runs = self.storage.recurring_runs(id, None, 100).await;
        runs.expect("the history is told")
    }

    /// Oldest first.
    async fn causes(&self, id: &str) -> Vec<RunCause> {
        let runs = self.runs(id).await;
        runs.iter().rev().map(|run| run.cause).collect()
    }
}
