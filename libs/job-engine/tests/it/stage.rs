//! The words in which the stories are told.

use std::future::Future;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use job_engine::job::ErrorReport;
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{Counts, JobDetails, Monitor, StandBys};
use job_engine::{
    Client, JobId, NewJob, Registry, RetryPolicy, RunningServer, Server, ServerId, ServerOptions,
    State, Storage,
};
use tokio::time::timeout;

use crate::faulty::{Call, FaultyStorage};
use crate::world::{Act, Errand, PATIENCE, World};

/// A storage, a world and a client.
pub struct Stage {
    pub storage: Arc<FaultyStorage>,
    pub client: Client,
    pub world: Arc<World>,
    jobs: Arc<MemoryStorage>,
}

impl Stage {
    pub fn empty() -> Self {
        Self::on(Arc::new(MemoryStorage::new()), World::empty(), None)
    }

    /// Its storage claims jobs for idle servers as it stores them.
    pub fn claiming_at_once() -> Self {
        let jobs = Arc::new(MemoryStorage::new());
        Self::on(jobs, World::empty(), Some(StandBys::default()))
    }

    /// Another process on the same jobs and in the same world, with faults of its own.
    pub fn beside(other: &Self) -> Self {
        Self::on(other.jobs.clone(), other.world.clone(), None)
    }

    fn on(jobs: Arc<MemoryStorage>, world: Arc<World>, standing: Option<StandBys>) -> Self {
        let storage = FaultyStorage::around(jobs.clone(), standing);
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

    /// How many calls of this kind there were so far, failed ones included.
    pub fn calls(&self, call: Call) -> usize {
        let calls = self.storage.calls();
        let count = calls.borrow().get(&call).copied();
        count.unwrap_or_default()
    }

    /// Past the servers that stand by.
    pub async fn enqueue_aside(&self, job: &NewJob) {
        let enqueued = self.jobs.enqueue(slice::from_ref(job)).await;
        enqueued.expect("the job is enqueued");
    }

    /// Whether a server that stands by would take so many jobs.
    pub fn has_room(&self, jobs: usize) -> bool {
        let reservation = self.storage.reserve(&errands("any", jobs));
        reservation.map(|it| it.seat(Vec::new())).is_some()
    }

    pub async fn enqueue_all(&self, jobs: &[NewJob]) {
        let enqueued = self.client.submit_all(jobs).await;
        enqueued.expect("the jobs are enqueued");
    }

    pub async fn storage_counts(&self) -> Counts {
        let counts = self.storage.counts().await;
        counts.expect("jobs are counted")
    }

    /// The storage's clock, which the servers do not know to be wrong.
    pub fn set_clock_ahead(&self, time: Duration) {
        self.jobs.skip(time);
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
            delays: vec![Duration::from_secs(1), Duration::from_secs(2)].into(),
            ..RetryPolicy::default()
        },
        ..ServerOptions::default()
    }
}
