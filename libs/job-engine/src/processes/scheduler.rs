use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Process;
use crate::session::Session;
use crate::storage::StorageError;

const BATCH: usize = 1000;

/// Jobs that are due but cannot be moved are in the hands of another scheduler.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// Makes due jobs ready.
pub(crate) struct Scheduler {
    session: Arc<Session>,
}

impl Scheduler {
    pub(crate) fn of(session: &Arc<Session>) -> Self {
        Self {
            session: session.clone(),
        }
    }
}

#[async_trait]
impl Process for Scheduler {
    const NAME: &'static str = "scheduler";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        let due = self.session.storage.enqueue_due(BATCH).await?;
        if due.enqueued > 0 {
            self.session.enqueued.notify_one();
        }
        if due.enqueued == BATCH {
            return Ok(Duration::ZERO);
        }

        let poll_interval = self.session.options.poll_interval;
        let next_in = due.next_in.unwrap_or(poll_interval);
        Ok(next_in.min(poll_interval).max(SHORTEST_WAIT))
    }

    async fn woken(&self) {
        self.session.scheduled.notified().await;
    }
}
