use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use job_engine::storage::Rings;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// The channel on which processes tell each other what happened.
pub(crate) const CHANNEL: &str = "job_engine";

/// At most one notification of a kind in this time: NOTIFY serialises commits.
const PAUSE: Duration = Duration::from_millis(10);

/// What servers of this process get to claim new jobs before others are told: a notification is a
/// commit of its own, and would run beside theirs.
const HEAD_START: Duration = Duration::from_millis(2);

/// Follows the sender's name in a notification that leases were taken away.
const REVOKED: &str = " revoked";

/// Wakes those who wait: in this process at once, in others by a notification that is never part of
/// the transaction that it tells of.
#[derive(Debug)]
pub(crate) struct Announcer {
    bell: Arc<Bell>,
    enqueued: Sender,
    revoked: Sender,
}

/// What rings in this process.
#[derive(Debug)]
pub(crate) struct Bell {
    /// Says who sent a notification, so that it wakes nobody twice.
    process: Uuid,
    /// How often jobs may have become `Enqueued`.
    enqueued: Rings,
    /// Servers of this process have waited for jobs.
    is_heard: AtomicBool,
    /// How often leases were taken away.
    revocations: Rings,
}

/// Sends one kind of notification.
#[derive(Debug)]
struct Sender {
    due: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

impl Announcer {
    pub(crate) fn start(pool: &PgPool) -> Self {
        let process = Uuid::new_v4();
        let bell = Arc::new(Bell {
            process,
            enqueued: Rings::default(),
            is_heard: AtomicBool::new(false),
            revocations: Rings::default(),
        });
        let head_start = {
            let bell = Arc::clone(&bell);
            move || bell.head_start()
        };
        Self {
            bell,
            enqueued: Sender::start(pool, process.to_string(), head_start),
            revoked: Sender::start(pool, format!("{process}{REVOKED}"), || Duration::ZERO),
        }
    }

    /// Jobs may have become `Enqueued`.
    pub(crate) fn enqueued(&self) {
        self.bell.ring();
        self.enqueued.due.notify_one();
    }

    /// Leases were taken away.
    pub(crate) fn revoked(&self) {
        self.bell.ring_for_holders();
        self.revoked.due.notify_one();
    }

    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }
}

impl Bell {
    /// What another process says.
    pub(crate) fn heard(&self, payload: &str) {
        let (process, is_revocation) = match payload.strip_suffix(REVOKED) {
            Some(process) => (process, true),
            None => (payload, false),
        };
        if process == self.process.to_string() {
            return;
        }
        if is_revocation {
            self.ring_for_holders();
        } else {
            self.ring();
        }
    }

    /// For what happened while nobody listened.
    pub(crate) fn ring_for_all(&self) {
        self.ring();
        self.ring_for_holders();
    }

    /// How often it has rung for workers, once that is not `seen`.
    pub(crate) async fn rung(&self, seen: u64) -> u64 {
        self.is_heard.store(true, Ordering::Relaxed);
        self.enqueued.other_than(seen).await
    }

    /// How often it has rung for those who hold leases, once that is not `seen`.
    pub(crate) async fn rung_for_holders(&self, seen: u64) -> u64 {
        self.revocations.other_than(seen).await
    }

    fn head_start(&self) -> Duration {
        if self.is_heard.load(Ordering::Relaxed) {
            HEAD_START
        } else {
            Duration::ZERO
        }
    }

    fn ring(&self) {
        self.enqueued.ring();
    }

    fn ring_for_holders(&self) {
        self.revocations.ring();
    }
}

impl Sender {
    fn start(
        pool: &PgPool,
        payload: String,
        delay: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        let due = Arc::new(Notify::new());
        let task = tokio::spawn(send(Arc::clone(&due), pool.clone(), payload, delay));
        Self {
            due,
            _task: AbortOnDropHandle::new(task),
        }
    }
}

async fn send(
    due: Arc<Notify>,
    pool: PgPool,
    payload: String,
    delay: impl Fn() -> Duration + Send + Sync,
) {
    loop {
        due.notified().await;
        let delay = delay();
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let sent = sqlx::query("select pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(&payload)
            .execute(&pool)
            .await;
        if let Err(error) = sent {
            tracing::debug!(%error, "other processes were not told; they look by themselves");
        }
        sleep(PAUSE).await;
    }
}
