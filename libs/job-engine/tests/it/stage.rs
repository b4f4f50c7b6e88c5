//! The words in which the stories are told.

use std::collections::HashMap;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use job_engine::job::{ErrorReport, JobError};
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{Counts, JobDetails, Monitor};
use job_engine::{
    Attempt, Client, Failure, Job, JobId, NewJob, Registry, RetryPolicy, RunningServer, Server,
    ServerId, ServerOptions, State,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::faulty::{Call, FaultyStorage};

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

/// A storage, a world and a client.
pub struct Stage {
    pub storage: Arc<FaultyStorage>,
    pub client: Client,
    pub world: Arc<World>,
    jobs: Arc<MemoryStorage>,
}

impl Stage {
    pub fn empty() -> Self {
        Self::on(Arc::new(MemoryStorage::new()), World::empty())
    }

    /// Another process on the same jobs and in the same world, with faults of its own.
    pub fn beside(other: &Self) -> Self {
        Self::on(other.jobs.clone(), other.world.clone())
    }

    fn on(jobs: Arc<MemoryStorage>, world: Arc<World>) -> Self {
        let storage = FaultyStorage::around(jobs.clone());
        Self {
            client: Client::new(storage.clone()),
            storage,
            world,
            jobs,
        }
    }

    pub fn server(&self) -> Server<World> {
        let registry = Registry::default().with::<Errand>();
        Server::new(self.storage.clone(), registry, self.world.clone()).options(options())
    }

    pub async fn start(&self) -> RunningServer {
        self.server().start().await.expect("the server starts")
    }

    pub async fn start_with(&self, options: ServerOptions) -> RunningServer {
        let server = self.server().options(options);
        server.start().await.expect("the server starts")
    }

    pub async fn enqueue(&self, name: &str) -> JobId {
        let enqueued = self.client.enqueue(&errand(name)).await;
        enqueued.expect("the job is enqueued")
    }

    /// A job that does these things, one per run.
    pub async fn enqueue_scripted(&self, name: &str, acts: &[Act]) -> JobId {
        self.world.script(name, acts);
        self.enqueue(name).await
    }

    pub async fn details(&self, id: JobId) -> JobDetails {
        let details = self.storage.job(id).await.expect("the job can be read");
        details.expect("the job is stored")
    }

    pub async fn state(&self, id: JobId) -> State {
        self.details(id).await.summary.state
    }

    pub async fn states(&self, id: JobId) -> Vec<State> {
        let history = self.details(id).await.history;
        history.iter().map(|entry| entry.state).collect()
    }

    /// The reasons in the job's history.
    pub async fn reasons(&self, id: JobId) -> Vec<String> {
        let history = self.details(id).await.history;
        history
            .into_iter()
            .filter_map(|entry| entry.reason)
            .collect()
    }

    /// The errors in the job's history.
    pub async fn errors(&self, id: JobId) -> Vec<ErrorReport> {
        let history = self.details(id).await.history;
        history
            .into_iter()
            .filter_map(|entry| entry.error)
            .collect()
    }

    /// Returns when the job is in this state.
    pub async fn reached(&self, id: JobId, state: State) {
        self.until(|| async { self.state(id).await == state }).await;
    }

    /// Returns when it holds; looks again after every call to the storage.
    pub async fn until<F: Future<Output = bool>>(&self, holds: impl Fn() -> F) {
        let mut calls = self.storage.calls();
        let looking = async {
            while !holds().await {
                calls.changed().await.expect("the storage is there");
            }
        };
        let found = timeout(PATIENCE, looking).await;
        assert!(found.is_ok(), "it never came: {:?}", self.world.events());
    }

    /// Returns when there were so many calls of this kind, failed ones included.
    pub async fn called(&self, call: Call, times: usize) {
        let mut calls = self.storage.calls();
        let enough = calls.wait_for(|calls| calls.get(&call).is_some_and(|&count| count >= times));
        let called = timeout(PATIENCE, enough).await;
        assert!(called.is_ok(), "{call:?} was not called {times} times");
    }

    pub async fn enqueue_all(&self, jobs: &[NewJob]) {
        let enqueued = self.client.submit_all(jobs).await;
        enqueued.expect("the jobs are enqueued");
    }

    pub async fn storage_counts(&self) -> Counts {
        let counts = self.storage.counts().await;
        counts.expect("jobs are counted")
    }

    /// The ids of all known servers.
    pub async fn servers(&self) -> Vec<ServerId> {
        let servers = self.storage.servers().await.expect("servers are listed");
        servers.iter().map(|server| server.id).collect()
    }
}

/// So many jobs of this name.
pub fn errands(name: &str, count: usize) -> Vec<NewJob> {
    (0..count).map(|_| stored(name)).collect()
}

/// A job as it is stored.
pub fn stored(name: &str) -> NewJob {
    NewJob::of(&errand(name)).expect("the job is JSON")
}

pub fn errand(name: &str) -> Errand {
    Errand {
        name: name.to_owned(),
    }
}

/// Four workers; two retries, after one second and after two.
pub fn options() -> ServerOptions {
    ServerOptions {
        name: "test:1".to_owned(),
        workers: 4,
        retry: RetryPolicy {
            retries: 2,
            delays: vec![Duration::from_secs(1), Duration::from_secs(2)],
        },
        ..ServerOptions::default()
    }
}
