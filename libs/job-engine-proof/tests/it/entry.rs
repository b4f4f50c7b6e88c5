//! The job of all stories: it writes into the ledger.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use job_engine::storage::Lease;
use job_engine::{Attempt, Client, Job, JobError, NewJob, RetryPolicy};
use job_engine_proof::ledger;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use crate::clients::PATIENCE;
use crate::planted::Planted;

/// A page of the ledger.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    act: Act,
}

/// What a run does beside writing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Act {
    /// Takes so many milliseconds.
    Work(u64),
    /// Fails at its first attempt.
    FailFirst,
    /// Fails for good.
    Fail,
    /// Enqueues another one, which an idle worker of the same process may get at once.
    Enqueue,
    /// Puts itself off once.
    Snooze,
    /// Takes its process with it, the first time, before the work.
    DieBefore,
    /// Takes its process with it, the first time, after the work and before anybody knows.
    DieAfter,
}

impl Entry {
    pub(crate) fn random(chance: &mut impl Rng) -> Self {
        let act = match chance.random_range(0..100) {
            0..50 => Act::Work(chance.random_range(0..30)),
            50..65 => Act::Enqueue,
            65..80 => Act::Work(chance.random_range(100..600)),
            80..88 => Act::FailFirst,
            88..92 => Act::Fail,
            92..98 => Act::Snooze,
            98 => Act::DieBefore,
            _ => Act::DieAfter,
        };
        Self { act }
    }

    /// One that is done at once.
    pub(crate) fn plain() -> Self {
        Self { act: Act::Work(0) }
    }

    /// One that others meet while it runs.
    pub(crate) fn slow() -> Self {
        Self {
            act: Act::Work(200),
        }
    }
}

impl Job for Entry {
    const NAME: &'static str = "entry";
    type Context = Hand;

    async fn run(&self, hand: &Hand, attempt: &Attempt) -> Result<(), JobError> {
        let effects = &hand.effects;
        let run = Run::begin(effects, attempt.lease);
        let first = attempt.lease.epoch == 1;
        match self.act {
            Act::Work(millis) => sleep(Duration::from_millis(millis)).await,
            Act::FailFirst if attempt.number == 1 => return Err(JobError::retry("not yet")),
            Act::Enqueue => hand.enqueue().await?,
            Act::Fail => return Err(JobError::fail("never")),
            Act::Snooze if first => return Err(JobError::snooze(Duration::from_millis(50))),
            Act::DieBefore if first => process::abort(),
            Act::DieAfter if first => {
                run.done();
                process::abort();
            }
            Act::FailFirst | Act::Snooze | Act::DieBefore | Act::DieAfter => {}
        }

        if effects.planted == Planted::AcknowledgesBeforeTheEffect {
            run.done_later();
        } else {
            run.done();
        }
        Ok(())
    }

    fn retry_policy() -> Option<RetryPolicy> {
        Some(RetryPolicy {
            retries: 3,
            delays: vec![Duration::from_millis(50)].into(),
            ..RetryPolicy::default()
        })
    }
}

/// What handlers act with.
pub(crate) struct Hand {
    pub(crate) effects: Arc<Effects>,
    pub(crate) client: Client,
}

impl Hand {
    async fn enqueue(&self) -> Result<(), JobError> {
        let job = NewJob::of(&Entry::plain())?;
        let lease = Lease {
            job: job.id,
            epoch: 0,
        };
        self.effects.write("ask", lease);
        let answer = timeout(PATIENCE, self.client.submit(job)).await;
        answer.map_err(JobError::retry)?.map_err(JobError::retry)?;
        self.effects.write("told", lease);
        Ok(())
    }
}

/// Where the handlers of a process write down what they do.
pub(crate) struct Effects {
    file: Mutex<File>,
    planted: Planted,
}

impl Effects {
    pub(crate) fn open(folder: &Path, planted: Planted) -> Arc<Self> {
        let path = folder.join(format!("{}.ledger", process::id()));
        let file = OpenOptions::new().create(true).append(true).open(path);
        Arc::new(Self {
            file: Mutex::new(file.expect("the ledger is opened")),
            planted,
        })
    }

    /// In one piece, so that a process that is killed leaves whole lines or no end of one.
    fn write(&self, what: &str, lease: Lease) {
        let (process, Lease { job, epoch }) = (process::id(), lease);
        let line = format!("{what} {process} {job} {epoch} {};\n", ledger::now());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
            .expect("the ledger is written");
    }
}

/// A run that is going on; it ends when this is dropped.
struct Run {
    effects: Arc<Effects>,
    lease: Lease,
}

impl Run {
    fn begin(effects: &Arc<Effects>, lease: Lease) -> Self {
        effects.write("begin", lease);
        Self {
            effects: effects.clone(),
            lease,
        }
    }

    fn done(&self) {
        self.effects.write("done", self.lease);
    }

    fn done_later(&self) {
        let (effects, lease) = (self.effects.clone(), self.lease);
        tokio::spawn(async move {
            sleep(Duration::from_secs(1)).await;
            effects.write("done", lease);
        });
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.effects.write("end", self.lease);
    }
}
