use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::Process;
use super::steadiness::Steadiness;
use crate::session::Session;
use crate::storage::StorageError;

/// So long ago that no heartbeat is that old: only a stopped pulse counts as death.
const PULSE_ALONE: Duration = Duration::from_hours(24 * 365);

/// A rescue that found nobody is not repeated sooner.
const PAUSE: Duration = Duration::from_millis(100);

/// Gives back the jobs of servers that died.
pub(crate) struct Rescuer {
    session: Arc<Session>,
    storage_clock: Steadiness,
    in_vain: bool,
}

impl Rescuer {
    pub(crate) fn of(session: &Arc<Session>) -> Self {
        Self {
            session: session.clone(),
            storage_clock: Steadiness::default(),
            in_vain: false,
        }
    }

    /// A clock that was set makes every heartbeat old, as an outage does.
    async fn look_at_the_clock(&mut self) -> Result<(), StorageError> {
        let asked = Instant::now();
        let time = self.session.storage.time().await?;
        let allowed = self.session.options.server_timeout / 4;
        if let Some(by) = self.storage_clock.set_by(time, asked, allowed) {
            tracing::warn!(%by, "the clock of the job storage was set; heartbeats count from now on");
            self.session.health.begin_again();
        }
        Ok(())
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
        self.look_at_the_clock().await?;
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
