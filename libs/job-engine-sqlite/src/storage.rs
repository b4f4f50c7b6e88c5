use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use job_engine::storage::expiry::Sweeps;
use job_engine::storage::{
    Act, Claim, Claimed, Command, Commanded, Counts, DueJobs, Heartbeat, JobId, Lease, Outcome,
    Rescued, Rings, RunNotes, ServerAnnouncement, ServerId, ServerOrder, Settled, Settlement,
    SlowAnswer, Storage, StorageError, UnknownKind,
};
use job_engine::{Duplicate, NewJob, Retention};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::sync::Notify;

use crate::in_a_turn::InATurn;
use crate::intake::Intake;
use crate::monitor::InQueue;
use crate::pulse::{self, Pulse};
use crate::turns::Turns;
use crate::writer::Writer;
use crate::{
    beginning, claiming, commanding, expiry, noting, revocations, scheduling, schema, search,
    servers, settling,
};

/// Jobs in tables whose names begin with `job_engine_`, in a SQLite file.
///
/// Several processes may share the file. A job that was enqueued survives the end of the process
/// and the loss of power; so does one that was enqueued in the caller's transaction if the caller's
/// connection says `synchronous = full`.
#[derive(Debug)]
pub struct SqliteStorage {
    /// Reads.
    pub(crate) pool: SqlitePool,
    pub(crate) writer: Arc<Writer>,
    intake: Intake,
    lock_directory: PathBuf,
    pulses: Mutex<HashMap<ServerId, Pulse>>,
    turns: Turns,
    sweeps: Sweeps,
    pub(crate) unknown_kinds: SlowAnswer<Duration, Vec<UnknownKind>>,
    pub(crate) counts: SlowAnswer<(), Counts>,
    pub(crate) in_queues: SlowAnswer<(), Vec<InQueue>>,
    pub(crate) in_a_turn: InATurn,
    /// To read the whole table with.
    pub(crate) deep: SqlitePool,
    /// How often jobs may have become `Enqueued`.
    enqueued: Rings,
    pub(crate) recurring_changed: Notify,
    pub(crate) operation_begun: Notify,
}

impl SqliteStorage {
    /// Opens the file, or makes it. The locks of running servers are kept beside it, in a directory
    /// with `.locks` after the file's name.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        let path = path.as_ref();
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_lazy_with(options);

        let mut locks = OsString::from(path);
        locks.push(".locks");
        Self::new(pool, PathBuf::from(locks)).await
    }

    /// Uses the application's database, which must be a file, not `:memory:`: it opens two
    /// connections of its own, to write and to copy the journal into the file, and two more for
    /// searches that read every job, and sets the file to write-ahead mode. Every process that shares
    /// the database is given the same `lock_directory`; it is made if it is missing.
    pub async fn new(pool: SqlitePool, lock_directory: PathBuf) -> Result<Self, StorageError> {
        tokio::fs::create_dir_all(&lock_directory)
            .await
            .map_err(StorageError::unavailable)?;
        let writer = Arc::new(Writer::open(&pool.connect_options()).await?);
        let deep = search::deep(&pool.connect_options());
        Ok(Self {
            intake: Intake::start(Arc::clone(&writer)),
            writer,
            pool,
            lock_directory,
            pulses: Mutex::default(),
            turns: Turns::default(),
            sweeps: Sweeps::default(),
            unknown_kinds: SlowAnswer::default(),
            counts: SlowAnswer::default(),
            in_queues: SlowAnswer::default(),
            in_a_turn: InATurn::default(),
            deep,
            enqueued: Rings::default(),
            recurring_changed: Notify::new(),
            operation_begun: Notify::new(),
        })
    }

    /// Brings the tables up to date; several processes may do it at once.
    ///
    /// Fails with [`StorageError::Corrupt`] when they are newer than this program.
    pub async fn migrate(&self) -> Result<(), StorageError> {
        schema::migrate(&self.writer).await
    }

    /// Wakes the recurrer of this process; those of others look by themselves.
    pub(crate) fn announce_recurring(&self) {
        self.recurring_changed.notify_waiters();
        // For who is between two waits just now.
        self.recurring_changed.notify_one();
    }

    fn pulses(&self) -> MutexGuard<'_, HashMap<ServerId, Pulse>> {
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own_servers(&self) -> Vec<ServerId> {
        self.pulses().keys().copied().collect()
    }

    async fn start_pulse(&self, server: ServerId) {
        if self.pulses().contains_key(&server) {
            return;
        }
        if let Some(pulse) = Pulse::start(&self.lock_directory, server).await {
            self.pulses().insert(server, pulse);
        }
    }
}

#[async_trait]
impl Storage for SqliteStorage {
    async fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Duplicate>, StorageError> {
        let duplicates = self.intake.enqueue(jobs).await?;
        self.announce_enqueued();
        Ok(duplicates)
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StorageError> {
        claiming::claim(&self.pool, &self.writer, &self.turns, claim).await
    }

    async fn begin(&self, lease: Lease) -> Result<Settled, StorageError> {
        beginning::begin(&self.writer, lease).await
    }

    async fn note(&self, notes: &[RunNotes]) -> Result<Vec<Settled>, StorageError> {
        noting::note(&self.writer, notes).await
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>, StorageError> {
        let settling::Recorded { settled, released } =
            settling::settle(&self.writer, settlements).await?;
        let is_return =
            |settlement: &Settlement| matches!(settlement.outcome, Outcome::Returned { .. });
        if released || settlements.iter().any(is_return) {
            self.announce_enqueued();
        }
        Ok(settled)
    }

    async fn enqueue_due(&self, limit: usize) -> Result<DueJobs, StorageError> {
        let due = scheduling::enqueue_due(&self.pool, &self.writer, limit).await?;
        if due.enqueued > 0 {
            self.announce_enqueued();
        }
        Ok(due)
    }

    async fn command(
        &self,
        job: JobId,
        command: Command,
        reason: &str,
    ) -> Result<Commanded, StorageError> {
        self.act(&Act {
            job,
            seen: None,
            command,
            reason: reason.to_owned(),
            deed: None,
        })
        .await
    }

    async fn act(&self, act: &Act) -> Result<Commanded, StorageError> {
        let commanded = commanding::command(&self.writer, act).await?;
        // A deletion may end what others wait for.
        if commanded == Commanded::Done {
            self.announce_enqueued();
        }
        Ok(commanded)
    }

    async fn remove_expired(
        &self,
        retention: Retention,
        limit: usize,
    ) -> Result<usize, StorageError> {
        expiry::remove_expired(&self.pool, &self.writer, &self.sweeps, retention, limit).await
    }

    async fn set_retentions(
        &self,
        kinds: &[(String, Option<Retention>)],
    ) -> Result<(), StorageError> {
        expiry::set_retentions(&self.writer, kinds).await
    }

    async fn announce(&self, server: &ServerAnnouncement) -> Result<(), StorageError> {
        self.start_pulse(server.id).await;
        servers::announce(&self.writer, server).await
    }

    async fn order_server(
        &self,
        server: ServerId,
        order: Option<ServerOrder>,
    ) -> Result<bool, StorageError> {
        let mut write = self.writer.quick().await?;
        let changed = servers::order(&mut write.transaction, server, order).await?;
        write.commit().await?;
        Ok(changed)
    }

    async fn heartbeat(
        &self,
        server: ServerId,
        leases: &[Lease],
    ) -> Result<Heartbeat, StorageError> {
        let answer = servers::heartbeat(&self.writer, server, leases).await?;
        if answer == Heartbeat::Gone {
            self.pulses().remove(&server);
        }
        Ok(answer)
    }

    async fn retire(&self, server: ServerId) -> Result<(), StorageError> {
        let given_back = servers::retire(&self.writer, server).await?;
        self.pulses().remove(&server);
        if given_back > 0 {
            self.announce_enqueued();
        }
        Ok(())
    }

    async fn give_back_except(
        &self,
        server: ServerId,
        held: &[Lease],
    ) -> Result<usize, StorageError> {
        let given_back = servers::give_back_except(&self.writer, server, held).await?;
        if given_back > 0 {
            self.announce_enqueued();
        }
        Ok(given_back)
    }

    async fn rescue(&self, timeout: Duration) -> Result<Rescued, StorageError> {
        let silent = pulse::silent(&self.lock_directory, self.own_servers()).await;
        let dead: Vec<ServerId> = silent.iter().map(|lock| lock.server).collect();
        let rescued = servers::rescue(&self.writer, timeout, &dead).await?;
        for lock in silent {
            lock.remove();
        }
        if !rescued.jobs.is_empty() {
            self.announce_enqueued();
        }
        Ok(rescued)
    }

    async fn peer_died(&self, _me: ServerId) {
        pulse::peer_died(&self.lock_directory, || self.own_servers()).await;
    }

    async fn leases_revoked(&self, seen: u64) -> u64 {
        revocations::other_than(&self.pool, seen).await
    }

    async fn job_enqueued(&self, seen: u64) -> u64 {
        self.enqueued.other_than(seen).await
    }

    fn announce_enqueued(&self) {
        self.enqueued.ring();
    }
}
