//! Jobs in memory: for tests, examples and small tools that may forget.

mod audit;
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
use tokio::sync::{Notify, watch};

use self::clock::Clock;
use self::following::{Family, News};
use self::indexes::Indexes;
use self::keys::KeyHolder;
use self::operations::OperationRecord;
use self::record::Record;
use self::recurring::RecurringTables;
use self::servers::ServerRecord;
use super::{
    Act, AuditEntry, BatchProgress, Batches, Claim, Claimed, Command, Commanded, Counts, DueJobs,
    ErrorGroup, Heartbeat, HoldUps, JobDetails, JobId, JobQuery, Lease, Limit, Limited, Limits,
    LogLine, Monitor, NewOperation, Operation, OperationId, Operations, Page, Pause, Progress,
    QueueSummary, Rescued, Resolution, RunNotes, ServerAnnouncement, ServerId, ServerOrder,
    ServerSummary, Settled, Settlement, Storage, StorageError, Throughput, UnknownKind,
};
use crate::batch::BatchId;
use crate::continuation::Parent;
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
    enqueued: Notify,
    recurring_changed: Notify,
    /// Tells of each of the tables' revocations.
    revoked: watch::Sender<u64>,
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
            enqueued: Notify::new(),
            recurring_changed: Notify::new(),
            revoked: watch::Sender::new(0),
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
        self.revoked.send_if_modified(|times| {
            let is_news = now > *times;
            *times = now.max(*times);
            is_news
        });
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
        let mut revoked = self.revoked.subscribe();
        let news = revoked.wait_for(|times| *times != seen).await;
        *news.expect("the sender is in this storage")
    }

    async fn job_enqueued(&self) {
        self.enqueued.notified().await;
    }

    fn announce_enqueued(&self) {
        self.enqueued.notify_waiters();
        // For who is between two waits just now.
        self.enqueued.notify_one();
    }
}

#[async_trait]
impl Limits for MemoryStorage {
    async fn pause_queue(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError> {
        self.tables()
            .pause_queue(queue, by, reason, self.clock.now());
        Ok(())
    }

    async fn resume_queue(&self, queue: &str) -> Result<bool, StorageError> {
        let was_paused = self.tables().resume_queue(queue);
        self.announce_enqueued();
        Ok(was_paused)
    }

    async fn set_limit(&self, of: &Limited, limit: Limit) -> Result<(), StorageError> {
        self.tables().set_limit(of, limit, self.clock.now());
        self.announce_enqueued();
        Ok(())
    }

    async fn remove_limit(&self, of: &Limited) -> Result<bool, StorageError> {
        let was_limited = self.tables().limits.remove(of).is_some();
        self.announce_enqueued();
        Ok(was_limited)
    }

    async fn hold_ups(&self, job: JobId) -> Result<HoldUps, StorageError> {
        Ok(self.tables().hold_ups(job, self.clock.now()))
    }

    async fn unknown_kinds(
        &self,
        alive_within: Duration,
    ) -> Result<Vec<UnknownKind>, StorageError> {
        let last_sign = clock::earlier(self.clock.now(), alive_within);
        Ok(self.tables().unknown_kinds(last_sign))
    }

    async fn limits(&self) -> Result<Vec<(Limited, Limit)>, StorageError> {
        let tables = self.tables();
        let limits = tables.limits.iter();
        Ok(limits.map(|(of, limit)| (of.clone(), *limit)).collect())
    }
}

#[async_trait]
impl Monitor for MemoryStorage {
    async fn counts(&self) -> Result<Counts, StorageError> {
        Ok(self.tables().counts())
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Page, StorageError> {
        Ok(self.tables().page(query))
    }

    async fn count(&self, query: &JobQuery, most: u64) -> Result<u64, StorageError> {
        Ok(self.tables().count(query, most))
    }

    async fn job(&self, id: JobId) -> Result<Option<JobDetails>, StorageError> {
        Ok(self.tables().details(id))
    }

    async fn progress(&self, id: JobId) -> Result<Option<Progress>, StorageError> {
        Ok(self.tables().jobs.get(&id).and_then(|job| job.progress))
    }

    async fn log(&self, id: JobId, after: u64, limit: usize) -> Result<Vec<LogLine>, StorageError> {
        let log = self.tables();
        let log = log.jobs.get(&id).map(|job| job.log(after, limit));
        Ok(log.unwrap_or_default())
    }

    async fn queues(&self) -> Result<Vec<QueueSummary>, StorageError> {
        Ok(self.tables().queue_summaries())
    }

    async fn throughput(
        &self,
        resolution: Resolution,
        since: Timestamp,
    ) -> Result<Vec<Throughput>, StorageError> {
        Ok(self.tables().throughput(resolution, since))
    }

    async fn error_groups(&self, limit: usize) -> Result<Vec<ErrorGroup>, StorageError> {
        Ok(self.tables().error_groups(limit))
    }

    async fn servers(&self) -> Result<Vec<ServerSummary>, StorageError> {
        Ok(self.tables().server_summaries())
    }
}

#[async_trait]
impl Operations for MemoryStorage {
    async fn begin_operation(&self, new: &NewOperation) -> Result<(), StorageError> {
        self.tables().begin_operation(new, self.clock.now());
        Ok(())
    }

    async fn operations(&self, limit: usize) -> Result<Vec<Operation>, StorageError> {
        Ok(self.tables().newest_operations(limit))
    }

    async fn operation(&self, id: OperationId) -> Result<Option<Operation>, StorageError> {
        let tables = self.tables();
        Ok(tables
            .operations
            .get(&id)
            .map(|record| record.shown.clone()))
    }

    async fn stop_operation(&self, id: OperationId) -> Result<bool, StorageError> {
        Ok(self.tables().stop_operation(id, self.clock.now()))
    }

    async fn advance_operation(&self, limit: usize) -> Result<Option<usize>, StorageError> {
        let looked_at = self.tables().advance_operation(limit, self.clock.now());
        self.announce_revoked();
        if looked_at.is_some() {
            self.announce_enqueued();
        }
        Ok(looked_at)
    }
}

#[async_trait]
impl Batches for MemoryStorage {
    async fn batch(&self, id: BatchId) -> Result<Option<BatchProgress>, StorageError> {
        Ok(self.tables().batches.get(&id).cloned())
    }

    async fn batches(
        &self,
        before: Option<BatchId>,
        limit: usize,
    ) -> Result<Vec<BatchProgress>, StorageError> {
        Ok(self.tables().newest_batches(before, limit))
    }

    async fn parents(&self, job: JobId, limit: usize) -> Result<Vec<Parent>, StorageError> {
        Ok(self.tables().parents(job, limit))
    }

    async fn children(&self, parent: Parent, limit: usize) -> Result<Vec<JobId>, StorageError> {
        Ok(self.tables().children(parent, limit))
    }
}
