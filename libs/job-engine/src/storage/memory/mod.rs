//! Jobs in memory: for tests, examples and small tools that may forget.

mod audit;
mod batches;
mod claiming;
mod clock;
mod expiry;
mod following;
mod indexes;
mod intake;
mod jobs;
mod keys;
mod limits;
mod monitor;
mod operations;
mod record;
mod recurring;
mod search;
mod servers;
mod statistics;

use std::collections::{BTreeMap, HashMap};
use std::future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Notify;

use self::clock::Clock;
use self::following::{Family, News};
use self::indexes::Indexes;
use self::keys::KeyHolder;
use self::operations::OperationRecord;
use self::record::Record;
use self::recurring::RecurringTables;
use self::servers::ServerRecord;
use super::{
    Act, AuditEntry, BatchProgress, Claim, Claimed, Command, Commanded, DueJobs, Heartbeat, JobId,
    Lease, Limit, Limited, OperationId, Pause, Rescued, Rings, RunNotes, ServerAnnouncement,
    ServerId, ServerOrder, Settled, Settlement, Storage, StorageError, Throughput,
};
use crate::batch::BatchId;
use crate::new_job::NewJob;
use crate::retention::Retention;
use crate::unique::Duplicate;

/// Keeps jobs in memory and loses them with the process.
///
/// Its clock is tokio's, so a test that pauses and advances the time moves it as well.
#[derive(Debug)]
pub struct MemoryStorage {
    tables: Mutex<Tables>,
    clock: Clock,
    /// How often jobs may have become `Enqueued`.
    enqueued: Rings,
    recurring_changed: Notify,
    operation_begun: Notify,
    /// Tells of each of the tables' revocations.
    revoked: Rings,
}

/// Everything that is stored. Each method is one transaction.
#[derive(Debug, Default)]
struct Tables {
    jobs: HashMap<JobId, Record>,
    indexes: Indexes,
    servers: HashMap<ServerId, ServerRecord>,
    keys: HashMap<(String, String), KeyHolder>,
    family: Family,
    batches: HashMap<BatchId, BatchProgress>,
    /// What those who wait or count have not been told yet; empty between two transactions.
    news: Vec<News>,
    operations: BTreeMap<OperationId, OperationRecord>,
    audit: Vec<AuditEntry>,
    /// Of the kinds that are not kept as all others.
    retentions: HashMap<String, Retention>,
    minutes: BTreeMap<Timestamp, Throughput>,
    pauses: BTreeMap<String, Pause>,
    limits: BTreeMap<Limited, Limit>,
    slots: HashMap<Limited, Vec<(Lease, Timestamp)>>,
    /// Who was served last in each queue.
    turns: HashMap<String, Option<String>>,
    recurring: RecurringTables,
    /// How often leases were taken away from who held them.
    revocations: u64,
}

impl MemoryStorage {
    /// A storage without jobs.
    #[expect(
        clippy::new_without_default,
        reason = "it reads the clock, which a default should not"
    )]
    pub fn new() -> Self {
        Self {
            tables: Mutex::default(),
            clock: Clock::start(),
            enqueued: Rings::default(),
            recurring_changed: Notify::new(),
            operation_begun: Notify::new(),
            revoked: Rings::default(),
        }
    }

    /// Moves this storage's clock ahead, so that jobs are due and expired. Whoever waits for a time
    /// looks again at the next poll. Feature `testing`.
    #[cfg(feature = "testing")]
    pub fn skip(&self, time: Duration) {
        self.clock.skip(time);
    }

    fn announce_revoked(&self) {
        let now = self.tables().revocations;
        self.revoked.ring_up_to(now);
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Duplicate>, StorageError> {
        let duplicates = self.tables().enqueue(jobs, self.clock.now())?;
        self.announce_enqueued();
        Ok(duplicates)
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StorageError> {
        Ok(self.tables().claim(claim, self.clock.now()))
    }

    async fn begin(&self, lease: Lease) -> Result<Settled, StorageError> {
        Ok(self.tables().begin(lease))
    }

    async fn note(&self, notes: &[RunNotes]) -> Result<Vec<Settled>, StorageError> {
        Ok(self.tables().note(notes, self.clock.now()))
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>, StorageError> {
        let now = self.clock.now();
        let mut tables = self.tables();
        let settled = tables.settle(settlements, now);
        let released = tables.spread_news(now);
        drop(tables);
        if released {
            self.announce_enqueued();
        }
        Ok(settled)
    }

    async fn enqueue_due(&self, limit: usize) -> Result<DueJobs, StorageError> {
        let due = self.tables().enqueue_due(limit, self.clock.now());
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
        let now = self.clock.now();
        let mut tables = self.tables();
        let commanded = tables.act(act, now);
        let released = tables.spread_news(now);
        drop(tables);
        self.announce_revoked();
        if released || (commanded == Commanded::Done && act.command != Command::Delete) {
            self.announce_enqueued();
        }
        Ok(commanded)
    }

    async fn remove_expired(
        &self,
        retention: Retention,
        limit: usize,
    ) -> Result<usize, StorageError> {
        Ok(self
            .tables()
            .remove_expired(retention, limit, self.clock.now()))
    }

    async fn set_retentions(
        &self,
        kinds: &[(String, Option<Retention>)],
    ) -> Result<(), StorageError> {
        self.tables().set_retentions(kinds);
        Ok(())
    }

    async fn announce(&self, server: &ServerAnnouncement) -> Result<(), StorageError> {
        self.tables().announce(server, self.clock.now());
        Ok(())
    }

    async fn order_server(
        &self,
        server: ServerId,
        order: Option<ServerOrder>,
    ) -> Result<bool, StorageError> {
        Ok(self.tables().order_server(server, order))
    }

    async fn heartbeat(
        &self,
        server: ServerId,
        leases: &[Lease],
    ) -> Result<Heartbeat, StorageError> {
        Ok(self.tables().heartbeat(server, leases, self.clock.now()))
    }

    async fn retire(&self, server: ServerId) -> Result<(), StorageError> {
        self.tables().retire(server, self.clock.now());
        self.announce_enqueued();
        Ok(())
    }

    async fn give_back_except(
        &self,
        server: ServerId,
        held: &[Lease],
    ) -> Result<usize, StorageError> {
        let given_back = self
            .tables()
            .give_back_except(server, held, self.clock.now());
        if given_back > 0 {
            self.announce_enqueued();
        }
        Ok(given_back)
    }

    async fn rescue(&self, timeout: Duration) -> Result<Rescued, StorageError> {
        let now = self.clock.now();
        let rescued = self.tables().rescue(clock::earlier(now, timeout), now);
        self.announce_revoked();
        if !rescued.jobs.is_empty() {
            self.announce_enqueued();
        }
        Ok(rescued)
    }

    /// Never returns: servers that share this memory die together.
    async fn peer_died(&self, _me: ServerId) {
        future::pending::<()>().await;
    }

    async fn leases_revoked(&self, seen: u64) -> u64 {
        self.revoked.other_than(seen).await
    }

    async fn job_enqueued(&self, seen: u64) -> u64 {
        self.enqueued.other_than(seen).await
    }

    fn announce_enqueued(&self) {
        self.enqueued.ring();
    }
}
