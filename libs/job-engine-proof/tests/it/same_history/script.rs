//! Steps become calls once it is known which jobs, servers and leases there are.

use std::time::Duration;

use jiff::Timestamp;
use job_engine::job::ErrorReport;
use job_engine::storage::{
    Claim, Command, JobId, Lease, Limit, Limited, Outcome, ServerAnnouncement, ServerId, Settlement,
};
use job_engine::{Batch, BatchId, ContinueOn, NewJob, State, Unique};
use proptest::sample::Index;

use super::recurring;
use super::steps::{Due, End, Key, Step, Waiting};
use crate::entry::Entry;

pub(super) const QUEUES: [&str; 2] = ["default", "mail"];
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const HOUR: Duration = Duration::from_hours(1);

/// A call with its arguments.
#[derive(Debug, Clone)]
pub(super) enum Call {
    Enqueue(Vec<NewJob>),
    Claim(Claim),
    Begin(Lease),
    Settle(Vec<Settlement>),
    Pause(&'static str),
    Resume(&'static str),
    Limit(Limited, Limit),
    LiftLimit(Limited),
    Command(JobId, Command),
    EnqueueDue,
    Announce(ServerAnnouncement),
    Heartbeat(ServerId, Vec<Lease>),
    GiveBackExcept(ServerId, Vec<Lease>),
    Retire(ServerId),
    RescueAll,
    RemoveExpired,
    Recurring(recurring::Call),
}

/// What the calls so far have made.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) jobs: Vec<NewJob>,
    pub(super) batches: Vec<BatchId>,
    pub(super) servers: Vec<ServerId>,
    pub(super) leases: Vec<Lease>,
}

impl Script {
    /// Where there is nothing that a step could be about, it does something harmless.
    pub(super) fn call(&mut self, step: Step) -> Call {
        match step {
            Step::Enqueue(waiting) => {
                let jobs: Vec<NewJob> = waiting.iter().map(|one| self.job(one)).collect();
                self.jobs.extend_from_slice(&jobs);
                Call::Enqueue(jobs)
            }
            Step::EnqueueBatch(waiting, then) => {
                let jobs: Vec<NewJob> = waiting.iter().map(|one| self.job(one)).collect();
                let (then, on) = (self.job(&then), continue_on(then.is_traced));
                let batch = Batch::of(jobs).then(then, on);
                let batch = batch.expect("a batch may be continued");
                self.batches.push(batch.id);
                self.jobs.extend_from_slice(&batch.jobs);
                Call::Enqueue(batch.jobs)
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
            Step::LimitQueue(queue, most) => Call::Limit(
                Limited::Queue(QUEUES[queue].to_owned()),
                Limit::at_once(most),
            ),
            Step::LimitKeys(most) => {
                Call::Limit(Limited::Key("exports".to_owned()), Limit::at_once(most))
            }
            Step::LiftLimits(queue) => Call::LiftLimit(Limited::Queue(QUEUES[queue].to_owned())),
            Step::Settle(ends) if !self.leases.is_empty() => {
                let settlement = |(lease, end): &(Index, End)| {
                    Settlement::new(*lease.get(&self.leases), outcome(*end))
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
            Step::Recurring(step) => Call::Recurring(step.call(self)),
            _ => Call::EnqueueDue,
        }
    }

    pub(super) fn job(&self, waiting: &Waiting) -> NewJob {
        let mut job = NewJob::of(&Entry::plain())
            .expect("it is JSON")
            .in_queue(QUEUES[waiting.queue])
            .with_priority(waiting.priority)
            .tagged(waiting.tags.iter().copied())
            .expect("the tags are short");
        if let Some(tenant) = waiting.tenant {
            job = job.for_tenant(tenant).expect("its name is short");
        }
        if let Some(key) = waiting.limit_key {
            job = job.limited_by(key).expect("the key is short");
        }
        if let Some(key) = waiting.unique {
            job = job.unique(unique(key)).expect("the key is held");
        }
        if let Some((parent, on_success)) = waiting.parent
            && !self.jobs.is_empty()
        {
            let parent = parent.get(&self.jobs).id;
            let continuing = job.continuing([parent], continue_on(on_success));
            job = continuing.expect("it has a parent");
        }
        if let Some(batch) = waiting.batch
            && !self.batches.is_empty()
        {
            job = job.in_batch(*batch.get(&self.batches));
        }
        job.trace = waiting.is_traced.then(|| TRACE.to_owned());
        match waiting.due {
            Due::Now => job,
            Due::Past => job.at(Timestamp::UNIX_EPOCH),
            Due::Later => job.after(HOUR),
        }
    }
}

fn continue_on(success: bool) -> ContinueOn {
    if success {
        ContinueOn::Success
    } else {
        ContinueOn::AnyEnd
    }
}

fn unique(key: Key) -> Unique {
    let mut unique = Unique::by(key.name);
    if key.while_it_waits {
        unique = unique.while_in([State::Enqueued, State::Scheduled, State::Awaiting]);
    }
    if key.for_an_hour {
        unique = unique.within(HOUR);
    }
    if key.replaces {
        unique = unique.replacing();
    }
    unique
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
