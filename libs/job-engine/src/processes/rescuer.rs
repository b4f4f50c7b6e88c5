use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;

use super::Process;
use crate::session::Session;
use crate::storage::StorageError;

/// So long ago that no heartbeat is that old: only a stopped pulse counts as death.
const PULSE_ALONE: Duration = Duration::from_hours(24 * 365);

/// A rescue that found nobody is not repeated sooner.
const PAUSE: Duration = Duration::from_millis(100);

/// Gives back the jobs of servers that died.
pub(crate) struct Rescuer {
    session: Arc<Session>,
    in_vain: bool,
}

impl Rescuer {
    pub(crate) fn of(session: &Arc<Session>) -> Self {
        Self {
            session: session.clone(),
            in_vain: false,
        }
    }

    /// After an outage every heartbeat is old, so the others get the time to speak again before
    /// their silence means anything.
    fn timeout(&self) -> Duration {
        let options = &self.session.options;
        let steady_for = self.session.health.steady_for(options.heartbeat_interval);
        if steady_for < options.server_timeout {
            return PULSE_ALONE;
        }
        options.server_timeout
    }
}

#[async_trait]
impl Process for Rescuer {
    const NAME: &'static str = "rescuer";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        let rescued = self.session.storage.rescue(self.timeout()).await?;
        self.in_vain = rescued.servers.is_empty();
        if !rescued.servers.is_empty() {
            let (servers, jobs) = (&rescued.servers, rescued.jobs.len());
            tracing::warn!(?servers, jobs, "job servers died; their jobs run again");
        }
        if !rescued.jobs.is_empty() {
            self.session.enqueued.notify_one();
        }
        Ok(self.session.options.server_timeout / 4)
    }

    async fn woken(&self) {
        if self.in_vain {
            sleep(PAUSE).await;
        }
        self.session.storage.peer_died(self.session.server).await;
    }
}
