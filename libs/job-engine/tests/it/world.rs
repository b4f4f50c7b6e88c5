//! The world that jobs act upon, and the jobs that do what its script says.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use job_engine::{Attempt, Failure, Job, JobError};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// Far longer than anything takes here: only what never comes makes a test wait so long.
pub const PATIENCE: Duration = Duration::from_hours(10);

/// The world that jobs act upon, and what they did in it.
#[derive(Debug)]
pub struct World {
    events: watch::Sender<Vec<String>>,
    scripts: Mutex<HashMap<String, Vec<Act>>>,
    pub gate: Notify,
}

/// What a job does when it is run.
#[derive(Debug, Clone)]
pub enum Act {
    Succeed,
    /// Takes this long.
    Take(Duration),
    Fail(&'static str),
    FailForGood(&'static str),
    /// Fails and says when to come back.
    ComeBackAfter(Duration),
    Panic(&'static str),
    Snooze(Duration),
    /// Waits for the gate, or for ever if nobody opens it.
    Wait,
    /// Waits for the gate, then fails.
    WaitAndFail,
    /// Waits until it is told to stop, then fails.
    WaitForStop,
    /// Waits until it is told to stop, then succeeds.
    FinishAtStop,
}

/// A job that does what the world's script says for its name, one act per run, the last one again
/// and again; without a script it succeeds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Errand {
    pub name: String,
}

impl Job for Errand {
    const NAME: &'static str = "errand";
    const ALIASES: &'static [&'static str] = &["chore"];
    type Context = World;

    async fn run(&self, world: &World, attempt: &Attempt) -> Result<(), JobError> {
        let name = &self.name;
        world.note(format!("{name} runs, attempt {}", attempt.number));
        match world.next_act(name) {
            Act::Succeed => {}
            Act::Take(time) => tokio::time::sleep(time).await,
            Act::Fail(message) => return Err(JobError::retry(message)),
            Act::FailForGood(message) => return Err(JobError::fail(message)),
            Act::ComeBackAfter(delay) => return Err(JobError::retry_after(delay, "busy")),
            Act::Panic(message) => panic!("{message}"),
            Act::Snooze(delay) => return Err(JobError::snooze(delay)),
            Act::Wait => {
                let _dropped = OnDrop(|| world.note(format!("{name} stops waiting")));
                world.gate.notified().await;
            }
            Act::WaitAndFail => {
                world.gate.notified().await;
                return Err(JobError::retry("too late"));
            }
            Act::WaitForStop => {
                attempt.cancelled.cancelled().await;
                world.note(format!("{name} is told to stop"));
                return Err(JobError::retry("told to stop"));
            }
            Act::FinishAtStop => {
                attempt.cancelled.cancelled().await;
                world.note(format!("{name} finishes"));
            }
        }
        world.note(format!("{name} is done"));
        Ok(())
    }

    async fn failed(&self, world: &World, failure: &Failure) -> Result<(), JobError> {
        let Failure {
            attempt, message, ..
        } = failure;
        world.note(format!("{} failed {attempt}: {message}", self.name));
        world.hook(&format!("{} failed", self.name)).await
    }

    async fn given_up(&self, world: &World, failure: &Failure) -> Result<(), JobError> {
        world.note(format!("{} given up: {}", self.name, failure.message));
        world.hook(&format!("{} given up", self.name)).await
    }
}

struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl World {
    pub fn empty() -> Arc<Self> {
        Arc::new(Self {
            events: watch::Sender::default(),
            scripts: Mutex::default(),
            gate: Notify::new(),
        })
    }

    pub fn script(&self, name: &str, acts: &[Act]) {
        let mut acts = acts.to_vec();
        acts.reverse();
        let mut scripts = self.scripts.lock().expect("no script panics");
        scripts.insert(name.to_owned(), acts);
    }

    /// All that happened so far.
    pub fn events(&self) -> Vec<String> {
        self.events.borrow().clone()
    }

    pub fn count(&self, event: &str) -> usize {
        let events = self.events.borrow();
        events.iter().filter(|noted| *noted == event).count()
    }

    /// Returns when this has happened so often.
    pub async fn saw(&self, event: &str, times: usize) {
        let mut events = self.events.subscribe();
        let enough = events.wait_for(|events| {
            let count = events.iter().filter(|noted| *noted == event).count();
            count >= times
        });
        let seen = timeout(PATIENCE, enough).await.is_ok();
        assert!(seen, "no {times} times `{event}`: {:?}", self.events());
    }

    pub fn note(&self, event: String) {
        self.events.send_modify(|events| events.push(event));
    }

    fn next_act(&self, name: &str) -> Act {
        let mut scripts = self.scripts.lock().expect("no script panics");
        match scripts.get_mut(name) {
            Some(acts) if acts.len() > 1 => acts.pop().expect("there are two"),
            Some(acts) => acts.last().cloned().unwrap_or(Act::Succeed),
            None => Act::Succeed,
        }
    }

    async fn hook(&self, name: &str) -> Result<(), JobError> {
        match self.next_act(name) {
            Act::Fail(message) => Err(JobError::retry(message)),
            Act::FailForGood(message) => Err(JobError::fail(message)),
            Act::Panic(message) => panic!("{message}"),
            Act::Wait => pending().await,
            _ => Ok(()),
        }
    }
}
