use futures_util::future::try_join_all;
use job_engine::storage::{BatchProgress, JobSummary};
use job_engine::{BatchId, JobId, Parent, State, Storage, StorageError};

/// Who waits for whom, and what a job is a part of: what the page of a job shows, for programs.
#[derive(Debug, Clone)]
pub struct Relatives {
    /// The batch that it is of; `None` as well when that is not stored any more.
    pub batch: Option<BatchProgress>,
    /// What it continues.
    pub parents: Vec<Relative>,
    /// The jobs that continue it.
    pub children: Vec<Relative>,
}

/// A job or a batch that another one waits for, or that waits.
#[derive(Debug, Clone)]
pub enum Relative {
    /// `None` when it is not stored any more.
    Job(JobId, Option<Box<JobSummary>>),
    /// `None` when it is not stored any more.
    Batch(BatchId, Option<BatchProgress>),
}

impl Relatives {
    /// Those of a job: at most so many parents, and so many children. Each of them is looked up, so
    /// ask for few.
    pub async fn of(
        storage: &dyn Storage,
        job: &JobSummary,
        most: usize,
    ) -> Result<Self, StorageError> {
        let parents = storage.parents(job.id, most).await?;
        Ok(Self {
            batch: match job.batch {
                Some(batch) => storage.batch(batch).await?,
                None => None,
            },
            parents: Relative::all(storage, &parents).await?,
            children: Relative::that_continue(storage, Parent::Job(job.id), most).await?,
        })
    }
}

impl Relative {
    /// The jobs that continue a job or a batch, at most so many.
    pub async fn that_continue(
        storage: &dyn Storage,
        parent: Parent,
        most: usize,
    ) -> Result<Vec<Self>, StorageError> {
        let children = storage.children(parent, most).await?;
        let children: Vec<Parent> = children.into_iter().map(Parent::Job).collect();
        Self::all(storage, &children).await
    }

    /// Its state; of a batch, how it has ended, or `Processing`. `None` when it is not stored any more.
    pub fn state(&self) -> Option<State> {
        match self {
            Self::Job(_, job) => job.as_ref().map(|job| job.state),
            Self::Batch(_, batch) => batch.as_ref().map(BatchProgress::state),
        }
    }

    async fn all(storage: &dyn Storage, all: &[Parent]) -> Result<Vec<Self>, StorageError> {
        try_join_all(all.iter().map(|one| Self::of(storage, *one))).await
    }

    async fn of(storage: &dyn Storage, one: Parent) -> Result<Self, StorageError> {
        Ok(match one {
            Parent::Job(id) => {
                let job = storage.job(id).await?;
                Self::Job(id, job.map(|job| Box::new(job.summary)))
            }
            Parent::Batch(id) => Self::Batch(id, storage.batch(id).await?),
        })
    }
}
