//! The same random calls on memory, SQLite and PostgreSQL are answered alike and leave the same
//! jobs, states and histories behind.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use job_engine::job::ErrorReport;
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{
    Claim, Command, Heartbeat, JobId, Lease, Outcome, ServerAnnouncement, ServerId, Settlement,
    SharedStorage,
};
use job_engine::{NewJob, Retention};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseResult};

use crate::entry::Entry;
use crate::place::Place;
use crate::settings;

const QUEUES: [&str; 2] = ["default", "mail"];
const HOUR: Duration = Duration::from_hours(1);

/// A call, before it is known which jobs there are.
#[derive(Debug, Clone)]
enum Step {
    Enqueue(Vec<Waiting>),
    EnqueueAgain(Index),
    Claim {
        server: Index,
        mail_first: bool,
        limit: usize,
    },
    Begin(Index),
    Settle(Vec<(Index, End)>),
    Pause(usize),
    Resume(usize),
    Command(Index, Command),
    EnqueueDue,
    Announce,
    Heartbeat(Index),
    GiveBackExcept(Index, Index),
    Retire(Index),
    RescueAll,
    RemoveExpired,
}

#[derive(Debug, Clone)]
struct Waiting {
    queue: usize,
    priority: i16,
    due: Due,
    tenant: Option<&'static str>,
    tags: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy)]
enum Due {
    Now,
    Past,
    Later,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Succeeded,
    Failed,
    RetryNow,
    RetryLater,
    Snoozed,
    Returned,
}

/// A call with its arguments.
#[derive(Debug, Clone)]
enum Call {
    Enqueue(Vec<NewJob>),
    Claim(Claim),
    Begin(Lease),
    Settle(Vec<Settlement>),
    Pause(&'static str),
    Resume(&'static str),
    Command(JobId, Command),
    EnqueueDue,
    Announce(ServerAnnouncement),
    Heartbeat(ServerId, Vec<Lease>),
    GiveBackExcept(ServerId, Vec<Lease>),
    Retire(ServerId),
    RescueAll,
    RemoveExpired,
}

/// What the calls so far have made.
#[derive(Debug, Default)]
struct Script {
    jobs: Vec<NewJob>,
    servers: Vec<ServerId>,
    leases: Vec<Lease>,
}

#[test]
fn all_storages_tell_the_same_history() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let config = Config {
        cases: settings::cases(),
        failure_persistence: None,
        ..Config::default()
    };
    proptest!(config, |(steps in vec(step(), 1..60))| {
        runtime.block_on(compare(steps))?;
    });
}

async fn compare(steps: Vec<Step>) -> TestCaseResult {
    let folder = tempfile::tempdir().expect("a folder is made");
    let places = [
        Place::sqlite(folder.path()).await,
        Place::postgres(&settings::postgres()).await,
    ];
    let storages = storages(&places).await;
    let mut script = Script::default();
    let steps = [Step::Announce, Step::Announce].into_iter().chain(steps);

    for step in steps {
        let call = script.call(step);
        let (expected, leases) = answer(&storages[0], &call).await;
        for other in &storages[1..] {
            let (answer, _) = answer(other, &call).await;
            prop_assert_eq!(
                &answer,
                &expected,
                "{:?} answers {:?} otherwise",
                other,
                call
            );
        }
        script.leases.extend(leases);
    }

    let expected = remains(&storages[0], &script).await;
    for other in &storages[1..] {
        let remains = remains(other, &script).await;
        prop_assert_eq!(&remains, &expected, "{:?} holds something else", other);
    }
    Ok(())
}

async fn storages(places: &[Place]) -> Vec<SharedStorage> {
    let mut storages: Vec<SharedStorage> = vec![Arc::new(MemoryStorage::new())];
    for place in places {
        storages.push(place.storage().await.expect("the database answers"));
    }
    storages
}

impl Script {
    /// Where there is nothing that a step could be about, it does something harmless.
    fn call(&mut self, step: Step) -> Call {
        match step {
            Step::Enqueue(waiting) => {
                let jobs: Vec<NewJob> = waiting.iter().map(new_job).collect();
                self.jobs.extend_from_slice(&jobs);
                Call::Enqueue(jobs)
            }
            Step::EnqueueAgain(job) if !self.jobs.is_empty() => {
                Call::Enqueue(vec![job.get(&self.jobs).clone()])
            }
            Step::Claim {
                server,
                mail_first,
                limit,
            } => {
                let mut queues = QUEUES.map(str::to_owned).to_vec();
                if mail_first {
                    queues.reverse();
                }
                Call::Claim(Claim {
                    server: *server.get(&self.servers),
                    queues,
                    kinds: vec!["entry".into()],
                    limit,
                })
            }
            Step::Begin(lease) if !self.leases.is_empty() => Call::Begin(*lease.get(&self.leases)),
            Step::Pause(queue) => Call::Pause(QUEUES[queue]),
            Step::Resume(queue) => Call::Resume(QUEUES[queue]),
            Step::Settle(ends) if !self.leases.is_empty() => {
                let settlement = |(lease, end): &(Index, End)| Settlement {
                    lease: *lease.get(&self.leases),
                    outcome: outcome(*end),
                };
                Call::Settle(ends.iter().map(settlement).collect())
            }
            Step::Command(job, command) if !self.jobs.is_empty() => {
                Call::Command(job.get(&self.jobs).id, command)
            }
            Step::Announce => {
                let id = ServerId::random();
                self.servers.push(id);
                Call::Announce(ServerAnnouncement {
                    id,
                    name: format!("server {}", self.servers.len()),
                    queues: QUEUES.map(str::to_owned).to_vec(),
                    kinds: Vec::new(),
                    workers: 3,
                })
            }
            Step::Heartbeat(server) => {
                Call::Heartbeat(*server.get(&self.servers), self.leases.clone())
            }
            Step::GiveBackExcept(server, lease) if !self.leases.is_empty() => {
                let held = vec![*lease.get(&self.leases)];
                Call::GiveBackExcept(*server.get(&self.servers), held)
            }
            Step::Retire(server) => Call::Retire(*server.get(&self.servers)),
            Step::RescueAll => Call::RescueAll,
            Step::RemoveExpired => Call::RemoveExpired,
            _ => Call::EnqueueDue,
        }
    }
}

/// In words without times, and the leases that it gave.
async fn answer(storage: &SharedStorage, call: &Call) -> (String, Vec<Lease>) {
    let mut leases = Vec::new();
    let words = match call {
        Call::Enqueue(jobs) => format!("{}", storage.enqueue(jobs).await.is_ok()),
        Call::Claim(claim) => {
            let mut claimed = storage.claim(claim).await.expect("it answers");
            for job in &mut claimed.jobs {
                // By each storage's own clock.
                job.waited = Duration::ZERO;
            }
            leases.extend(claimed.jobs.iter().map(|job| job.lease));
            format!("{claimed:?}")
        }
        Call::Begin(lease) => format!("{:?}", storage.begin(*lease).await.expect("it answers")),
        Call::Pause(queue) => {
            let paused = storage.pause_queue(queue, "ada", "By chance").await;
            format!("{:?}", paused.is_ok())
        }
        Call::Resume(queue) => {
            let resumed = storage.resume_queue(queue).await;
            format!("{:?}", resumed.expect("it answers"))
        }
        Call::Settle(settlements) => {
            format!(
                "{:?}",
                storage.settle(settlements).await.expect("it answers")
            )
        }
        Call::Command(job, command) => {
            let commanded = storage.command(*job, *command, "By chance").await;
            format!("{:?}", commanded.expect("it answers"))
        }
        Call::EnqueueDue => {
            let due = storage.enqueue_due(1000).await.expect("it answers");
            format!("{} due, more: {}", due.enqueued, due.next_in.is_some())
        }
        Call::Announce(server) => format!("{:?}", storage.announce(server).await.is_ok()),
        Call::Heartbeat(server, held) => {
            match storage.heartbeat(*server, held).await.expect("it answers") {
                Heartbeat::Alive { mut lost, .. } => {
                    lost.sort_unstable_by_key(|lease| (lease.job, lease.epoch));
                    lost.dedup();
                    format!("lost {lost:?}")
                }
                Heartbeat::Gone => "gone".to_owned(),
            }
        }
        Call::GiveBackExcept(server, held) => {
            let given_back = storage.give_back_except(*server, held).await;
            format!("{} given back", given_back.expect("it answers"))
        }
        Call::Retire(server) => format!("{:?}", storage.retire(*server).await.is_ok()),
        Call::RescueAll => {
            let mut rescued = storage.rescue(Duration::ZERO).await.expect("it answers");
            rescued.servers.sort_unstable();
            rescued.jobs.sort_unstable();
            format!("{rescued:?}")
        }
        Call::RemoveExpired => {
            let removed = storage
                .remove_expired(Retention::of(Duration::ZERO), 1000)
                .await;
            format!("{} removed", removed.expect("it answers"))
        }
    };
    (words, leases)
}

/// Everything that can be seen, without times.
async fn remains(storage: &SharedStorage, script: &Script) -> String {
    let mut text = String::new();
    let counts = storage.counts().await.expect("it answers");
    writeln!(text, "{counts:?}").expect("text grows");
    for queue in storage.queues().await.expect("it answers") {
        let (name, enqueued, processing) = (queue.name, queue.enqueued, queue.processing);
        let paused = queue.paused.is_some();
        writeln!(text, "{name}: {enqueued} and {processing}, {paused}").expect("text grows");
    }
    for job in &script.jobs {
        let details = storage.job(job.id).await.expect("it answers");
        let Some(details) = details else {
            writeln!(text, "{} is gone", job.id).expect("text grows");
            continue;
        };
        let summary = details.summary;
        writeln!(
            text,
            "{} {} {} {} {} {:?} {} {} {:?} {:?} {} {:?} {:?}",
            summary.id,
            summary.state,
            summary.kind,
            summary.queue,
            summary.priority,
            summary.reason,
            summary.attempts,
            summary.abandoned,
            summary.error,
            details.result,
            summary.due_at.is_some(),
            summary.tenant,
            summary.tags,
        )
        .expect("text grows");
        for entry in details.history {
            let facts = entry.facts.iter().filter(|(name, _)| is_no_time(name));
            let facts: Vec<_> = facts.collect();
            let (state, reason, error) = (entry.state, entry.reason, entry.error);
            writeln!(text, "  {state} {reason:?} {error:?} {facts:?}").expect("text grows");
        }
    }
    text
}

fn is_no_time(fact: &str) -> bool {
    ["Queue", "Attempt", "ServerId", "DurationMs", "Result"].contains(&fact)
}

fn new_job(waiting: &Waiting) -> NewJob {
    let mut job = NewJob::of(&Entry::plain())
        .expect("it is JSON")
        .in_queue(QUEUES[waiting.queue])
        .with_priority(waiting.priority)
        .tagged(waiting.tags.iter().copied())
        .expect("the tags are short");
    if let Some(tenant) = waiting.tenant {
        job = job.for_tenant(tenant).expect("its name is short");
    }
    match waiting.due {
        Due::Now => job,
        Due::Past => job.at(Timestamp::UNIX_EPOCH),
        Due::Later => job.after(HOUR),
    }
}

fn outcome(end: End) -> Outcome {
    let error = || ErrorReport {
        kind: "test".to_owned(),
        message: "no route".to_owned(),
        details: "no route\nto host".to_owned(),
    };
    let reason = "By chance".to_owned();
    let retry = |delay| Outcome::Retry {
        error: error(),
        delay,
        reason: "By chance".to_owned(),
    };
    match end {
        End::Succeeded => Outcome::Succeeded {
            duration: Duration::from_millis(7),
            result: Some("{\"a\":1}".to_owned()),
        },
        End::Failed => Outcome::Failed {
            error: error(),
            reason,
        },
        End::RetryNow => retry(Duration::ZERO),
        End::RetryLater => retry(HOUR),
        End::Snoozed => Outcome::Snoozed {
            delay: Duration::ZERO,
            reason,
        },
        End::Returned => Outcome::Returned { reason },
    }
}

fn step() -> impl Strategy<Value = Step> {
    let one = any::<Index>;
    prop_oneof![
        4 => vec(waiting(), 0..4).prop_map(Step::Enqueue),
        1 => one().prop_map(Step::EnqueueAgain),
        6 => (one(), any::<bool>(), 1_usize..5).prop_map(|(server, mail_first, limit)| {
            Step::Claim { server, mail_first, limit }
        }),
        2 => one().prop_map(Step::Begin),
        1 => (0..QUEUES.len()).prop_map(Step::Pause),
        2 => (0..QUEUES.len()).prop_map(Step::Resume),
        6 => vec((one(), end()), 1..4).prop_map(Step::Settle),
        2 => (one(), command()).prop_map(|(job, command)| Step::Command(job, command)),
        2 => Just(Step::EnqueueDue),
        1 => Just(Step::Announce),
        1 => one().prop_map(Step::Heartbeat),
        1 => (one(), one()).prop_map(|(server, lease)| Step::GiveBackExcept(server, lease)),
        1 => one().prop_map(Step::Retire),
        1 => Just(Step::RescueAll),
        1 => Just(Step::RemoveExpired),
    ]
}

fn waiting() -> impl Strategy<Value = Waiting> {
    let due = prop_oneof![4 => Just(Due::Now), 1 => Just(Due::Past), 1 => Just(Due::Later)];
    let tenant = prop_oneof![Just(None), Just(Some("acme")), Just(Some("globex"))];
    let tags = vec(prop_oneof![Just("vip"), Just("nightly")], 0..3);
    (0..QUEUES.len(), -1_i16..=1, due, tenant, tags).prop_map(
        |(queue, priority, due, tenant, tags)| Waiting {
            queue,
            priority,
            due,
            tenant,
            tags,
        },
    )
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        3 => Just(End::Succeeded),
        1 => Just(End::Failed),
        2 => Just(End::RetryNow),
        1 => Just(End::RetryLater),
        1 => Just(End::Snoozed),
        1 => Just(End::Returned),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Requeue),
        Just(Command::TriggerNow),
        Just(Command::Delete),
    ]
}
