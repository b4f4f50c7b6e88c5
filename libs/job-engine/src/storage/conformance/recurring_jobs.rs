//! What clients and servers make of recurring jobs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::stage::{HOUR, Stage};
use crate::recurring::{MissedRuns, Overlap, RecurringJob, Schedule};
use crate::storage::{JobId, RecurringRecord, RunCause, SharedStorage};
use crate::{
    Attempt, Client, Job, JobError, NewJob, Registry, RunningServer, Server, ServerOptions, Unique,
};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says for which occurrence it runs.
#[derive(Debug, Serialize, Deserialize)]
struct Tick;

impl Job for Tick {
    const NAME: &'static str = "tick";
    type Context = mpsc::UnboundedSender<Option<Timestamp>>;

    async fn run(&self, ticks: &Self::Context, attempt: &Attempt) -> Result<(), JobError> {
        Ok(ticks.send(attempt.occurrence())?)
    }
}

pub async fn adding_the_same_again_changes_nothing(storage: SharedStorage) {
    let recurring = Client::new(storage.clone()).recurring();
    recurring
        .add_or_update(&hourly())
        .await
        .expect("it is added");
    let first = find(&storage).await;

    recurring
        .add_or_update(&hourly())
        .await
        .expect("it is known");

    assert_eq!(find(&storage).await, first);
    assert_eq!(first.error, None);
    assert_eq!(first.look_at, first.next_at);
    let next_at = first.next_at.expect("it has a next occurrence");
    let now = storage.time().await.expect("it is some time");
    assert!(next_at > now && next_at <= now + HOUR, "{next_at} at {now}");
}

pub async fn a_new_definition_keeps_the_next_run_and_the_pause(storage: SharedStorage) {
    let recurring = Client::new(storage.clone()).recurring();
    recurring
        .add_or_update(&hourly())
        .await
        .expect("it is added");
    let first = find(&storage).await;

    let changed = hourly()
        .overlap(Overlap::Skip)
        .missed_runs(MissedRuns::Strict);
    recurring
        .add_or_update(&changed)
        .await
        .expect("it is updated");
    let updated = find(&storage).await;
    recurring
        .pause("hourly", "Holidays")
        .await
        .expect("it is paused");
    let other = scheduled("30 2 * * *");
    recurring
        .add_or_update(&other)
        .await
        .expect("it is updated");
    let paused = find(&storage).await;

    assert_eq!(updated.next_at, first.next_at);
    assert_eq!(
        (updated.overlap.as_str(), updated.missed_runs.as_str()),
        ("Skip", "Strict")
    );
    assert_eq!(paused.schedule, "30 2 * * *");
    assert!(paused.paused_at.is_some());
    assert_eq!((paused.next_at, paused.look_at), (None, None));
}

pub async fn a_paused_job_goes_on_with_the_next_occurrence(storage: SharedStorage) {
    let recurring = Client::new(storage.clone()).recurring();
    recurring
        .add_or_update(&hourly())
        .await
        .expect("it is added");
    let first = find(&storage).await;

    assert!(
        recurring
            .pause("hourly", "Holidays")
            .await
            .expect("it is paused")
    );
    let paused = find(&storage).await;
    assert!(recurring.resume("hourly").await.expect("it is resumed"));
    let resumed = find(&storage).await;

    assert_eq!(paused.paused_because.as_deref(), Some("Holidays"));
    assert_eq!(paused.look_at, None);
    assert!(resumed.next_at >= first.next_at);
    assert_eq!((resumed.paused_at, resumed.paused_because), (None, None));
    assert!(!recurring.pause("other", "").await.expect("there is none"));
    assert!(!recurring.resume("other").await.expect("there is none"));
}

pub async fn an_edit_stays_until_the_code_says_something_new(storage: SharedStorage) {
    let recurring = Client::new(storage.clone()).recurring();
    recurring
        .add_or_update(&hourly())
        .await
        .expect("it is added");
    let by_hand = Schedule::cron("15 4 * * *").expect("it is a schedule");
    let by_hand = by_hand.in_time_zone("Europe/Berlin").expect("it is a zone");

    assert!(
        recurring
            .reschedule("hourly", &by_hand)
            .await
            .expect("it is edited")
    );
    recurring
        .add_or_update(&hourly())
        .await
        .expect("it is known");
    let edited = find(&storage).await;
    recurring
        .add_or_update(&scheduled("0 5 * * *"))
        .await
        .expect("it is updated");
    let updated = find(&storage).await;

    assert_eq!(
        (edited.schedule.as_str(), edited.time_zone.as_str()),
        ("15 4 * * *", "Europe/Berlin")
    );
    assert!(edited.is_edited());
    assert_eq!(edited.next_at, by_hand.next_after(edited.changed_at));
    assert_eq!(
        (updated.schedule.as_str(), updated.time_zone.as_str()),
        ("0 5 * * *", "UTC")
    );
    assert!(!updated.is_edited());
    assert!(
        !recurring
            .reschedule("other", &by_hand)
            .await
            .expect("there is none")
    );
}

pub async fn running_now_does_not_disturb_the_schedule(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let recurring = Client::new(storage.clone()).recurring();
    recurring
        .add_or_update(&hourly())
        .await
        .expect("it is added");
    let before = find(&storage).await;

    let job = recurring
        .run_now("hourly", "Asked by Ada")
        .await
        .expect("it runs");

    let job = job.expect("it is known");
    let after = find(&storage).await;
    assert_eq!(
        (after.next_at, after.look_at),
        (before.next_at, before.look_at)
    );
    let origin = stage
        .details(job)
        .await
        .origin
        .expect("it comes from there");
    assert_eq!(
        (origin.recurring_job.as_str(), origin.cause),
        ("hourly", RunCause::RunNow)
    );
    let runs = storage
        .recurring_runs("hourly", None, 10)
        .await
        .expect("it has a history");
    assert_eq!(
        (runs[0].job, runs[0].note.as_deref()),
        (Some(job), Some("Asked by Ada"))
    );
    assert_eq!(job.occurrence(), None);
    let other = recurring.run_now("other", "").await.expect("there is none");
    assert_eq!(other, None);
}

pub async fn running_now_answers_who_holds_the_unique_key(storage: SharedStorage) {
    let client = Client::new(storage.clone());
    let job = NewJob::of(&Tick).expect("it is JSON");
    let job = job.unique(Unique::by("tick")).expect("it is a key");
    let holder = client.submit(job.clone()).await.expect("it is stored");
    let recurring = RecurringJob {
        job: NewJob {
            id: JobId::random(),
            ..job
        },
        ..hourly()
    };
    let added = client.recurring().add_or_update(&recurring).await;
    added.expect("it is added");

    let job = client.recurring().run_now("hourly", "Asked by Ada").await;

    assert_eq!(job.expect("it is answered"), Some(holder));
}

pub async fn an_id_that_nobody_could_type_is_refused(storage: SharedStorage) {
    let recurring = Client::new(storage).recurring();

    for id in ["", "a b", "ä", "a/b", &"a".repeat(101)] {
        let job = RecurringJob {
            id: id.to_owned(),
            ..hourly()
        };
        let refused = recurring.add_or_update(&job).await;
        assert!(refused.is_err(), "`{id}` was taken");
    }
}

pub async fn several_servers_run_each_occurrence_once_and_in_time(storage: SharedStorage) {
    let (sender, mut ticks) = mpsc::unbounded_channel();
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(server(&storage, sender.clone()).await);
    }
    let recurring = Client::new(storage.clone()).recurring();
    let each_second = scheduled("* * * * * *");
    recurring
        .add_or_update(&each_second)
        .await
        .expect("it is added");

    let mut seen = BTreeSet::new();
    while seen.len() < 4 {
        let tick = tokio::time::timeout(PATIENCE, ticks.recv()).await;
        let occurrence = tick.expect("it ticks").expect("servers run");
        let is_new = seen.insert(occurrence.expect("it stems from an occurrence"));
        assert!(is_new, "{occurrence:?} ran twice");
    }
    for server in servers {
        server.stop().await;
    }

    let runs = storage
        .recurring_runs("hourly", None, 100)
        .await
        .expect("it has a history");
    let occurrences: BTreeSet<Timestamp> = runs.iter().map(|run| run.at).collect();
    assert_eq!(occurrences.len(), runs.len());
    assert!(occurrences.is_superset(&seen));
}

async fn server(
    storage: &SharedStorage,
    ticks: mpsc::UnboundedSender<Option<Timestamp>>,
) -> RunningServer {
    let registry = Registry::default().with::<Tick>();
    let server = Server::new(storage.clone(), registry, Arc::new(ticks));
    let options = ServerOptions {
        workers: 1,
        ..ServerOptions::default()
    };
    server.options(options).start().await.expect("it starts")
}

fn hourly() -> RecurringJob {
    scheduled("0 * * * *")
}

fn scheduled(cron: &str) -> RecurringJob {
    let schedule = Schedule::cron(cron).expect("it is a schedule");
    RecurringJob::new("hourly", &Tick, schedule).expect("it can be stored")
}

async fn find(storage: &SharedStorage) -> RecurringRecord {
    let found = storage.recurring_job("hourly").await;
    found.expect("it is looked for").expect("it is stored")
}
