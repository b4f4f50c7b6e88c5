use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::filters::Filter;
use crate::life::{self, Crew};
use crate::registry::Registry;
use crate::server_options::ServerOptions;
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
        let supervisor = tokio::spawn(life::supervise(crew, first, stopping.clone()));

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
