use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// The channel on which processes tell each other that jobs were enqueued.
pub(crate) const CHANNEL: &str = "job_engine";

/// At most one notification in this time: NOTIFY serialises commits.
const PAUSE: Duration = Duration::from_millis(10);

/// Wakes workers: those of this process at once, those of others by a notification that is never
/// part of the transaction that enqueues.
#[derive(Debug)]
pub(crate) struct Announcer {
    bell: Arc<Bell>,
    _sender: AbortOnDropHandle<()>,
}

/// What rings in this process.
#[derive(Debug)]
pub(crate) struct Bell {
    /// Says who sent a notification, so that it wakes nobody twice.
    pub(crate) process: Uuid,
    workers: Notify,
    sender: Notify,
}

impl Announcer {
    pub(crate) fn start(pool: PgPool) -> Self {
        let bell = Arc::new(Bell {
            process: Uuid::new_v4(),
            workers: Notify::new(),
            sender: Notify::new(),
        });
        let sender = tokio::spawn(send(Arc::clone(&bell), pool));
        Self {
            bell,
            _sender: AbortOnDropHandle::new(sender),
        }
    }

    pub(crate) fn announce(&self) {
        self.bell.ring();
        self.bell.sender.notify_one();
    }

    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }
}

impl Bell {
    /// Wakes the workers of this process.
    pub(crate) fn ring(&self) {
        self.workers.notify_waiters();
        // For who is between two waits just now.
        self.workers.notify_one();
    }

    pub(crate) async fn rung(&self) {
        self.workers.notified().await;
    }
}

async fn send(bell: Arc<Bell>, pool: PgPool) {
    loop {
        bell.sender.notified().await;
        let sent = sqlx::query("select pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(bell.process.to_string())
            .execute(&pool)
            .await;
        if let Err(error) = sent {
            tracing::debug!(%error, "other processes were not told of new jobs; they poll");
        }
        tokio::time::sleep(PAUSE).await;
    }
}
