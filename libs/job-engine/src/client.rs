use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::batch::{Batch, BatchId};
use crate::filters::{self, Filter, Refusal};
use crate::job::Job;
use crate::keys::Keys;
use crate::meters;
use crate::new_job::{NewJob, NewJobError};
use crate::queues::Queues;
use crate::recurring::RecurringJobs;
use crate::state::State;
use crate::storage::{
    BatchProgress, Command, Commanded, JobId, JobQuery, NewOperation, OperationId, SharedStorage,
    StorageError,
};
use crate::unique::Duplicate;

/// Gives work to the engine, and orders about work that was given. Cheap to clone.
///
/// Each call is a transaction of its own. To enqueue in a transaction of yours, make a [`NewJob`]
/// and give it to the `enqueue` function of the storage's crate.
#[derive(Debug, Clone)]
pub struct Client {
    storage: SharedStorage,
    filters: Arc<[Arc<dyn Filter>]>,
}

/// The job was not enqueued, or it is not known whether it was.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The job itself cannot be stored; trying again will not help.
    #[error(transparent)]
    Job(#[from] NewJobError),
    /// The storage failed. When its answer was lost the job may be stored all the same: a
    /// [`NewJob`] that is submitted again under the same id is refused, never stored twice.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A filter does not want it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A job's result cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// The storage failed; trying again may help.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What the job left is something else than what was asked for.
    #[error("the result of the job {job} is not what was asked for: {source}")]
    Unfit {
        /// Whose result it is.
        job: JobId,
        /// Why it cannot be read.
        source: serde_json::Error,
    },
}

impl Client {
    /// A client that keeps its jobs in this storage.
    pub fn new(storage: SharedStorage) -> Self {
        Self {
            storage,
            filters: Arc::default(),
        }
    }

    /// Adds a filter that sees jobs before they are stored, after those that were added before.
    pub fn filter(mut self, filter: impl Filter) -> Self {
        let filter: Arc<dyn Filter> = Arc::new(filter);
        self.filters = self.filters.iter().cloned().chain([filter]).collect();
        self
    }

    /// Runs the job as soon as a worker is free, in the job's own queue.
    pub async fn enqueue<J: Job>(&self, job: &J) -> Result<JobId, EnqueueError> {
        self.submit(NewJob::of(job)?).await
    }

    /// Runs the job after this long.
    pub async fn enqueue_after<J: Job>(
        &self,
        job: &J,
        delay: Duration,
    ) -> Result<JobId, EnqueueError> {
        self.submit(NewJob::of(job)?.after(delay)).await
    }

    /// Runs the job at this time, or at once when it has passed.
    pub async fn enqueue_at<J: Job>(
        &self,
        job: &J,
        time: Timestamp,
    ) -> Result<JobId, EnqueueError> {
        self.submit(NewJob::of(job)?.at(time)).await
    }

    /// Enqueues a job that was made before, with a queue, priority or time of its own. A job whose
    /// key is held is not stored; the answer is then the job that holds it.
    pub async fn submit(&self, job: NewJob) -> Result<JobId, EnqueueError> {
        let id = job.id;
        let duplicates = self.submit_all(&[job]).await?;
        Ok(duplicates.first().map_or(id, |duplicate| duplicate.of))
    }

    /// Enqueues many jobs in one transaction, all or none, but for those whose keys are held: the
    /// answer says which, and by whom.
    pub async fn submit_all(&self, jobs: &[NewJob]) -> Result<Vec<Duplicate>, EnqueueError> {
        let duplicates = if self.filters.is_empty() {
            self.storage.enqueue(jobs).await?
        } else {
            let mut jobs = jobs.to_vec();
            for job in &mut jobs {
                self.admit(job)?;
            }
            self.storage.enqueue(&jobs).await?
        };
        meters::count_enqueued(jobs, &duplicates);
        Ok(duplicates)
    }

    /// Shows a job to the filters without storing it: for jobs that are enqueued in a transaction
    /// of yours, which this client does not see.
    pub fn admit(&self, job: &mut NewJob) -> Result<(), Refusal> {
        filters::admit(&self.filters, job)
    }

    /// Runs jobs of the dead letter queue again: those that are `Failed` and that the query finds.
    /// It is an operation like those that a dashboard begins: kept in the storage, worked off by the
    /// servers in small pieces, and gone on with after a crash. Its id tells how far it is, by
    /// [`Operations::operation`](crate::storage::Operations::operation). `by` is who asks; the reason
    /// goes into the jobs' histories.
    pub async fn redrive(
        &self,
        query: JobQuery,
        by: &str,
        reason: &str,
    ) -> Result<OperationId, StorageError> {
        let query = JobQuery {
            state: Some(State::Failed),
            ..query
        };
        let operation = NewOperation {
            id: OperationId::random(),
            command: Command::Requeue,
            words: words(&query),
            actor: by.to_owned(),
            reason: reason.to_owned(),
            total: self.storage.count(&query, u64::MAX).await?,
            query,
        };
        self.storage.begin_operation(&operation).await?;
        Ok(operation.id)
    }

    /// Enqueues a batch in one transaction. A batch without jobs does not exist.
    pub async fn submit_batch(&self, batch: Batch) -> Result<BatchId, EnqueueError> {
        self.submit_all(&batch.jobs).await?;
        Ok(batch.id)
    }

    /// How far a batch is; `None` when there is none of this id, or it has expired.
    pub async fn batch(&self, id: BatchId) -> Result<Option<BatchProgress>, StorageError> {
        self.storage.batch(id).await
    }

    /// Runs the job again, from any state; its attempts start again at zero. The reason goes into
    /// its history.
    pub async fn requeue(&self, id: JobId, reason: &str) -> Result<Commanded, StorageError> {
        self.storage.command(id, Command::Requeue, reason).await
    }

    /// Runs a `Scheduled` job now instead of at its time. The reason goes into its history.
    pub async fn trigger_now(&self, id: JobId, reason: &str) -> Result<Commanded, StorageError> {
        self.storage.command(id, Command::TriggerNow, reason).await
    }

    /// Takes the job out; if it runs, it is told to stop. The reason goes into its history.
    pub async fn delete(&self, id: JobId, reason: &str) -> Result<Commanded, StorageError> {
        self.storage.command(id, Command::Delete, reason).await
    }

    /// Orders about queues.
    pub fn queues(&self) -> Queues {
        Queues::of(&self.storage)
    }

    /// The jobs that come again and again.
    pub fn recurring(&self) -> RecurringJobs {
        RecurringJobs::of(self.storage.clone())
    }

    /// What the job left with [`Attempt::leave_result`](crate::Attempt::leave_result); `None` when it
    /// left nothing, has not succeeded, or has expired.
    pub async fn result<T: DeserializeOwned>(&self, id: JobId) -> Result<Option<T>, ResultError> {
        let details = self.storage.job(id).await?;
        let result = details.and_then(|job| job.result);
        let read = |json: String| {
            serde_json::from_str(&json).map_err(|source| ResultError::Unfit { job: id, source })
        };
        result.map(read).transpose()
    }

    /// The limits of jobs with keys.
    pub fn keys(&self) -> Keys {
        Keys::of(&self.storage)
    }

    /// Where the jobs are kept.
    pub fn storage(&self) -> &SharedStorage {
        &self.storage
    }
}

/// What a dashboard shows of a query for failed jobs, as its search writes it.
fn words(query: &JobQuery) -> String {
    let kind = query.kind.iter().map(|kind| format!(" kind:{kind}"));
    let queue = query.queue.iter().map(|queue| format!(" queue:{queue}"));
    let more = kind.chain(queue).collect::<String>();
    format!("state:failed{more}")
}
