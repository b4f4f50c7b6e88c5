use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::filters::Filter;
use crate::registry::Registry;
use crate::retention::Retention;
use crate::retry::RetryPolicy;
use crate::session::{self, Crew};
use crate::storage::{SharedStorage, StorageError};
use crate::tally::{Tally, TallySheet};

/// Runs jobs. Any number of servers may share a storage, in one process or in many.
#[derive(Debug)]
pub struct Server<C> {
    storage: SharedStorage,
    registry: Registry<C>,
    context: Arc<C>,
    options: ServerOptions,
    filters: Vec<Arc<dyn Filter>>,
}

/// How a server works. `ServerOptions::default()` is what most applications want.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// What people see of it. Default: the machine's name and the process id, `web-1:4711`.
    pub name: String,
    /// How many jobs run at the same time. Default: five per core, at most 20.
    pub workers: usize,
    /// From which queues, the first one first. Default: `default` alone.
    pub queues: Vec<String>,
    /// For jobs that say nothing else. Default: Hangfire's ten retries.
    pub retry: RetryPolicy,
    /// How long a run may take when its kind says nothing else, see
    /// [`Job::timeout`](crate::Job::timeout). Default: no limit.
    pub timeout: Option<Duration>,
    /// How often it looks for work that no wake-up told it of. Default: 1 second.
    pub poll_interval: Duration,
    /// How often it says that it lives and asks for leases it has lost. Default: 1 second.
    pub heartbeat_interval: Duration,
    /// After how long without a heartbeat a server is taken for dead. Default: 10 seconds.
    pub server_timeout: Duration,
    /// How long running jobs may go on when the server stops. Default: 15 seconds.
    pub grace: Duration,
    /// How long succeeded and deleted jobs are kept when their kind says nothing else, see
    /// [`Job::retention`](crate::Job::retention). Default: 24 hours.
    pub retention: Retention,
    /// A job is given up when this many processes died with it. From the second death on it is run
    /// only beside jobs that are not suspected themselves, so that one death gives up at most one
    /// job of a process; from the third on only by a process that has lived for some seconds.
    /// Default: 3.
    pub max_abandoned: u32,
}

/// A server that runs. Dropping it stops it like a crash would: its jobs are given to others after
/// a while. [`stop`](Self::stop) is the way out.
#[derive(Debug)]
#[must_use = "a server that is dropped does not run"]
pub struct RunningServer {
    stopping: CancellationToken,
    supervisor: AbortOnDropHandle<()>,
    tally: Arc<TallySheet>,
}

/// The server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The options contradict themselves; the text says how.
    #[error("a server cannot start: {0}")]
    Options(&'static str),
    /// The server could not announce itself. Trying again later may help.
    #[error("a server cannot start: {0}")]
    Storage(#[from] StorageError),
}

impl<C: Send + Sync + 'static> Server<C> {
    /// A server for these kinds of jobs; `context` is what the jobs can reach.
    pub fn new(storage: SharedStorage, registry: Registry<C>, context: Arc<C>) -> Self {
        Self {
            storage,
            registry,
            context,
            options: ServerOptions::default(),
            filters: Vec::new(),
        }
    }

    /// Adds a filter around its runs, inside of those that were added before.
    pub fn filter(mut self, filter: impl Filter) -> Self {
        self.filters.push(Arc::new(filter));
        self
    }

    /// Works like this instead of [`ServerOptions::default`].
    pub fn options(mut self, options: ServerOptions) -> Self {
        self.options = options;
        self
    }

    /// Announces the server and starts to work. An error means that nothing was started; after
    /// that the server gets over every outage of its storage by itself.
    pub async fn start(self) -> Result<RunningServer, StartError> {
        self.options.check().map_err(StartError::Options)?;

        let stopping = CancellationToken::new();
        let tally = Arc::new(TallySheet::default());
        let crew = Crew {
            storage: self.storage,
            registry: Arc::new(self.registry),
            context: self.context,
            options: Arc::new(self.options),
            filters: self.filters,
            tally: tally.clone(),
        };
        let first = crew.announce().await?;
        let supervisor = tokio::spawn(session::supervise(crew, first, stopping.clone()));

        Ok(RunningServer {
            stopping,
            supervisor: AbortOnDropHandle::new(supervisor),
            tally,
        })
    }
}

impl RunningServer {
    /// Stops gracefully: no job is started any more, running ones get
    /// [`grace`](ServerOptions::grace), and what has not ended then is stopped and handed back at
    /// once, without using up an attempt.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if let Err(error) = (&mut self.supervisor).await {
            tracing::error!(%error, "the job server did not end well");
        }
    }

    /// Returns when the server is to stop because a person has told it to, on a dashboard for
    /// example. Running jobs have their grace; [`stop`](Self::stop) waits for the end.
    pub async fn told_to_stop(&self) {
        self.stopping.cancelled().await;
    }

    /// What this server has done since it started.
    pub fn tally(&self) -> Tally {
        self.tally.read()
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            name: format!("{}:{}", machine_name(), std::process::id()),
            workers: (cores * 5).min(20),
            queues: vec!["default".to_owned()],
            retry: RetryPolicy::default(),
            timeout: None,
            poll_interval: Duration::from_secs(1),
            heartbeat_interval: Duration::from_secs(1),
            server_timeout: Duration::from_secs(10),
            grace: Duration::from_secs(15),
            retention: Retention::default(),
            max_abandoned: 3,
        }
    }
}

impl ServerOptions {
    fn check(&self) -> Result<(), &'static str> {
        if self.workers == 0 {
            return Err("it needs at least one worker");
        }
        if self.queues.is_empty() {
            return Err("it needs at least one queue");
        }
        if self.poll_interval.is_zero() || self.heartbeat_interval.is_zero() {
            return Err("its poll and heartbeat intervals must be longer than zero");
        }
        if self.server_timeout < self.heartbeat_interval * 3 {
            return Err("its timeout must be at least three heartbeat intervals");
        }
        if self.max_abandoned == 0 {
            return Err("a job must be allowed at least one death of its process");
        }
        Ok(())
    }
}

fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}
