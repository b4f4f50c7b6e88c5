//! A storage that fails when it is told to, and tells of every change.

use std::collections::{HashMap, VecDeque};
use std::future::{Future, pending};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{
    Act, Advance, Advanced, AuditEntry, AuditLog, BatchProgress, Batches, CarriedOut, Claim,
    Claimed, Command, Commanded, Counts, Deed, DueJobs, DueRecurring, ErrorGroup, Heartbeat,
    HoldUps, JobDetails, JobQuery, Lease, Limit, Limited, Limits, LogLine, Monitor, NewOperation,
    Operation, OperationId, Operations, Order, Page, Progress, QueueSummary, RecurringPage,
    RecurringQuery, RecurringRecord, RecurringRun, RecurringStorage, Rescued, Reservation,
    Resolution, RunNotes, ServerAnnouncement, ServerOrder, ServerSummary, Settled, Settlement,
    StandBy, StandBys, Throughput, UnknownKind,
};
use job_engine::{
    BatchId, Duplicate, JobId, NewJob, Parent, Retention, ServerId, Storage, StorageError,
};
use tokio::sync::watch;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and an error is the answer.
    Refused,
    /// It is done, but the caller gets an error.
    AnswerLost,
    /// Nothing is done, and no answer comes.
    Hangs,
    /// What is to be stored cannot be stored.
    Corrupt,
    /// The storage itself has a bug.
    Panics,
}

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    Enqueue,
    /// The claim for a server that stands by.
    ClaimAtOnce,
    Claim,
    Begin,
    Note,
    Settle,
    EnqueueDue,
    Command,
    RemoveExpired,
    Announce,
    Heartbeat,
    Retire,
    GiveBackExcept,
    Rescue,
    AdvanceRecurring,
}

#[derive(Debug)]
pub struct FaultyStorage {
    inner: Arc<MemoryStorage>,
    faults: Mutex<HashMap<Call, VecDeque<Fault>>>,
    /// Those for whom jobs are claimed as they are enqueued; nobody unless a test wants it.
    standing: Option<StandBys>,
    away: AtomicBool,
    calls: watch::Sender<HashMap<Call, usize>>,
}

impl FaultyStorage {
    pub fn around(inner: Arc<MemoryStorage>, standing: Option<StandBys>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            faults: Mutex::default(),
            standing,
            away: AtomicBool::new(false),
            calls: watch::Sender::default(),
        })
    }

    /// The next calls of this kind fail like this.
    pub fn fail_next(&self, call: Call, fault: Fault, times: usize) {
        let mut faults = self.faults.lock().expect("no fault panics");
        let queue = faults.entry(call).or_default();
        queue.extend(std::iter::repeat_n(fault, times));
    }

    /// From now on every call fails, or none.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// Each value is the number of calls so far, whether they failed or not.
    pub fn calls(&self) -> watch::Receiver<HashMap<Call, usize>> {
        self.calls.subscribe()
    }

    /// Workers of a server that stands by.
    pub fn reserve(&self, jobs: &[NewJob]) -> Option<Reservation> {
        self.standing.as_ref()?.reserve(jobs)
    }

    /// Claims what is reserved; what it came to is for the caller to tell.
    pub async fn claim_at_once(
        &self,
        reservation: &Reservation,
        jobs: &[NewJob],
    ) -> Result<Claimed, StorageError> {
        let claim = Claim {
            server: reservation.server(),
            queues: jobs.iter().map(|job| job.queue.clone()).collect(),
            kinds: jobs.iter().map(|job| job.kind.as_str().into()).collect(),
            limit: jobs.len(),
        };
        self.call(Call::ClaimAtOnce, self.inner.claim(&claim)).await
    }

    async fn call<T>(
        &self,
        call: Call,
        answer: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        let answer = match self.fault(call) {
            None => answer.await,
            Some(Fault::Refused) => Err(unavailable("connection refused")),
            Some(Fault::AnswerLost) => {
                answer.await?;
                Err(unavailable("connection reset"))
            }
            Some(Fault::Panics) => panic!("the storage has a bug"),
            Some(Fault::Hangs) => pending().await,
            Some(Fault::Corrupt) => Err(StorageError::Corrupt("odd bytes".to_owned())),
        };
        self.calls
            .send_modify(|calls| *calls.entry(call).or_default() += 1);
        answer
    }

    fn fault(&self, call: Call) -> Option<Fault> {
        if self.away.load(Ordering::SeqCst) {
            return Some(Fault::Refused);
        }
        let mut faults = self.faults.lock().expect("no fault panics");
        faults.get_mut(&call)?.pop_front()
    }
}

fn unavailable(message: &str) -> StorageError {
    StorageError::unavailable(io::Error::other(message))
}

#[async_trait]
impl Storage for FaultyStorage {
    async fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Duplicate>, StorageError> {
        let reservation = self.reserve(jobs);
        let enqueued = self.call(Call::Enqueue, self.inner.enqueue(jobs)).await;
        if let Some(reservation) = reservation
            && let Ok(claimed) = self.claim_at_once(&reservation, jobs).await
        {
            reservation.seat(claimed.jobs);
        }
        enqueued
    }

    fn stand_by(&self, server: &Arc<dyn StandBy>) {
        if let Some(standing) = &self.standing {
            standing.add(server);
        }
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StorageError> {
        self.call(Call::Claim, self.inner.claim(claim)).await
    }

    async fn begin(&self, lease: Lease) -> Result<Settled, StorageError> {
        self.call(Call::Begin, self.inner.begin(lease)).await
    }

    async fn note(&self, notes: &[RunNotes]) -> Result<Vec<Settled>, StorageError> {
        self.call(Call::Note, self.inner.note(notes)).await
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>, StorageError> {
        self.call(Call::Settle, self.inner.settle(settlements))
            .await
    }

    async fn enqueue_due(&self, limit: usize) -> Result<DueJobs, StorageError> {
        self.call(Call::EnqueueDue, self.inner.enqueue_due(limit))
            .await
    }

    async fn command(
        &self,
        job: JobId,
        command: Command,
        reason: &str,
    ) -> Result<Commanded, StorageError> {
        let commanded = self.inner.command(job, command, reason);
        self.call(Call::Command, commanded).await
    }

    async fn remove_expired(
        &self,
        retention: Retention,
        limit: usize,
    ) -> Result<usize, StorageError> {
        let removed = self.inner.remove_expired(retention, limit);
        self.call(Call::RemoveExpired, removed).await
    }

    async fn set_retentions(
        &self,
        kinds: &[(String, Option<Retention>)],
    ) -> Result<(), StorageError> {
        self.inner.set_retentions(kinds).await
    }

    async fn announce(&self, server: &ServerAnnouncement) -> Result<(), StorageError> {
        self.call(Call::Announce, self.inner.announce(server)).await
    }

    async fn act(&self, act: &Act) -> Result<Commanded, StorageError> {
        self.inner.act(act).await
    }

    async fn order_server(
        &self,
        server: ServerId,
        order: Option<ServerOrder>,
    ) -> Result<bool, StorageError> {
        self.inner.order_server(server, order).await
    }

    async fn heartbeat(
        &self,
        server: ServerId,
        leases: &[Lease],
    ) -> Result<Heartbeat, StorageError> {
        let heartbeat = self.inner.heartbeat(server, leases);
        self.call(Call::Heartbeat, heartbeat).await
    }

    async fn retire(&self, server: ServerId) -> Result<(), StorageError> {
        self.call(Call::Retire, self.inner.retire(server)).await
    }

    async fn give_back_except(
        &self,
        server: ServerId,
        held: &[Lease],
    ) -> Result<usize, StorageError> {
        let given_back = self.inner.give_back_except(server, held);
        self.call(Call::GiveBackExcept, given_back).await
    }

    async fn rescue(&self, timeout: Duration) -> Result<Rescued, StorageError> {
        self.call(Call::Rescue, self.inner.rescue(timeout)).await
    }

    async fn peer_died(&self, me: ServerId) {
        self.inner.peer_died(me).await;
    }

    async fn leases_revoked(&self, seen: u64) -> u64 {
        self.inner.leases_revoked(seen).await
    }

    async fn job_enqueued(&self, seen: u64) -> u64 {
        self.inner.job_enqueued(seen).await
    }

    fn announce_enqueued(&self) {
        self.inner.announce_enqueued();
    }
}

#[async_trait]
impl Limits for FaultyStorage {
    async fn pause_queue(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError> {
        self.inner.pause_queue(queue, by, reason).await
    }

    async fn resume_queue(&self, queue: &str) -> Result<bool, StorageError> {
        self.inner.resume_queue(queue).await
    }

    async fn set_limit(&self, of: &Limited, limit: Limit) -> Result<(), StorageError> {
        self.inner.set_limit(of, limit).await
    }

    async fn remove_limit(&self, of: &Limited) -> Result<bool, StorageError> {
        self.inner.remove_limit(of).await
    }

    async fn hold_ups(&self, job: JobId) -> Result<HoldUps, StorageError> {
        self.inner.hold_ups(job).await
    }

    async fn unknown_kinds(
        &self,
        alive_within: Duration,
    ) -> Result<Vec<UnknownKind>, StorageError> {
        self.inner.unknown_kinds(alive_within).await
    }

    async fn limits(&self) -> Result<Vec<(Limited, Limit)>, StorageError> {
        self.inner.limits().await
    }
}

#[async_trait]
impl Monitor for FaultyStorage {
    async fn counts(&self) -> Result<Counts, StorageError> {
        self.inner.counts().await
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Page, StorageError> {
        self.inner.jobs(query).await
    }

    async fn count(&self, query: &JobQuery, most: u64) -> Result<u64, StorageError> {
        self.inner.count(query, most).await
    }

    async fn job(&self, id: JobId) -> Result<Option<JobDetails>, StorageError> {
        self.inner.job(id).await
    }

    async fn progress(&self, id: JobId) -> Result<Option<Progress>, StorageError> {
        self.inner.progress(id).await
    }

    async fn log(&self, id: JobId, after: u64, limit: usize) -> Result<Vec<LogLine>, StorageError> {
        self.inner.log(id, after, limit).await
    }

    async fn queues(&self) -> Result<Vec<QueueSummary>, StorageError> {
        self.inner.queues().await
    }

    async fn throughput(
        &self,
        resolution: Resolution,
        since: Timestamp,
    ) -> Result<Vec<Throughput>, StorageError> {
        self.inner.throughput(resolution, since).await
    }

    async fn error_groups(&self, limit: usize) -> Result<Vec<ErrorGroup>, StorageError> {
        self.inner.error_groups(limit).await
    }

    async fn servers(&self) -> Result<Vec<ServerSummary>, StorageError> {
        self.inner.servers().await
    }
}

#[async_trait]
impl RecurringStorage for FaultyStorage {
    async fn time(&self) -> Result<Timestamp, StorageError> {
        self.inner.time().await
    }

    async fn save_recurring(&self, record: &RecurringRecord) -> Result<bool, StorageError> {
        self.inner.save_recurring(record).await
    }

    async fn remove_recurring(&self, id: &str) -> Result<bool, StorageError> {
        self.inner.remove_recurring(id).await
    }

    async fn due_recurring(
        &self,
        kinds: &[String],
        limit: usize,
    ) -> Result<DueRecurring, StorageError> {
        self.inner.due_recurring(kinds, limit).await
    }

    async fn advance_recurring(&self, plans: &[Advance]) -> Result<Vec<Advanced>, StorageError> {
        let advanced = self.inner.advance_recurring(plans);
        self.call(Call::AdvanceRecurring, advanced).await
    }

    async fn recurring_job(&self, id: &str) -> Result<Option<RecurringRecord>, StorageError> {
        self.inner.recurring_job(id).await
    }

    async fn recurring_jobs(&self, query: &RecurringQuery) -> Result<RecurringPage, StorageError> {
        self.inner.recurring_jobs(query).await
    }

    async fn recurring_runs(
        &self,
        id: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<RecurringRun>, StorageError> {
        self.inner.recurring_runs(id, before, limit).await
    }

    async fn recurring_changed(&self) {
        self.inner.recurring_changed().await;
    }
}

#[async_trait]
impl Operations for FaultyStorage {
    async fn begin_operation(&self, new: &NewOperation) -> Result<(), StorageError> {
        self.inner.begin_operation(new).await
    }

    async fn operations(&self, limit: usize) -> Result<Vec<Operation>, StorageError> {
        self.inner.operations(limit).await
    }

    async fn operation(&self, id: OperationId) -> Result<Option<Operation>, StorageError> {
        self.inner.operation(id).await
    }

    async fn stop_operation(&self, id: OperationId) -> Result<bool, StorageError> {
        self.inner.stop_operation(id).await
    }

    async fn advance_operation(&self, limit: usize) -> Result<Option<usize>, StorageError> {
        self.inner.advance_operation(limit).await
    }

    async fn operation_begun(&self) {
        self.inner.operation_begun().await;
    }
}

#[async_trait]
impl AuditLog for FaultyStorage {
    async fn carry_out(&self, order: &Order, deed: &Deed) -> Result<CarriedOut, StorageError> {
        self.inner.carry_out(order, deed).await
    }

    async fn record(&self, deed: &Deed) -> Result<(), StorageError> {
        self.inner.record(deed).await
    }

    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StorageError> {
        self.inner.audit(before, limit).await
    }
}

#[async_trait]
impl Batches for FaultyStorage {
    async fn batch(&self, id: BatchId) -> Result<Option<BatchProgress>, StorageError> {
        self.inner.batch(id).await
    }

    async fn batches(
        &self,
        before: Option<BatchId>,
        limit: usize,
    ) -> Result<Vec<BatchProgress>, StorageError> {
        self.inner.batches(before, limit).await
    }

    async fn parents(&self, job: JobId, limit: usize) -> Result<Vec<Parent>, StorageError> {
        self.inner.parents(job, limit).await
    }

    async fn children(&self, parent: Parent, limit: usize) -> Result<Vec<JobId>, StorageError> {
        self.inner.children(parent, limit).await
    }
}
