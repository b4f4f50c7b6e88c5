use std::io;
use std::mem;
use std::sync::Arc;

use job_engine::storage::StorageError;
use job_engine::{Due, Duplicate, NewJob};
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use crate::announcing::Announcer;
use crate::convert::unavailable;
use crate::kept::Kept;
use crate::standing::Standing;
use crate::transaction::begin;
use crate::{copying, enqueuing};

/// Larger batches are worth a commit of their own.
const LARGEST_JOINED: usize = 100;

/// So many jobs are worth the two statements of a copy.
const MANY: usize = 500;

/// How many callers share a commit at most.
const MOST_JOINED: usize = 500;

/// How many callers may wait here; more wait for a place.
const PLACES: usize = 1000;

/// Joins what concurrent callers enqueue into one statement and one durable commit. Nobody waits
/// for company: while one commit is on its way the next batch gathers.
#[derive(Debug)]
pub(crate) struct Intake {
    desk: Arc<Desk>,
    requests: mpsc::Sender<Request>,
    _task: AbortOnDropHandle<()>,
}

/// Where jobs are stored, and given to workers or told to them before their enqueuer is answered.
#[derive(Debug)]
struct Desk {
    pool: PgPool,
    kept: Kept,
    announcer: Arc<Announcer>,
    standing: Arc<Standing>,
}

struct Request {
    jobs: Vec<NewJob>,
    answer: oneshot::Sender<Result<(), StorageError>>,
}

impl Intake {
    pub(crate) fn start(
        pool: &PgPool,
        announcer: &Arc<Announcer>,
        standing: &Arc<Standing>,
    ) -> Self {
        let desk = Arc::new(Desk {
            pool: pool.clone(),
            kept: Kept::of(pool),
            announcer: announcer.clone(),
            standing: standing.clone(),
        });
        let (requests, inbox) = mpsc::channel(PLACES);
        let task = tokio::spawn(serve(desk.clone(), inbox));
        Self {
            desk,
            requests,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Returns when the jobs are committed. Who stops waiting does not take them back.
    pub(crate) async fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Duplicate>, StorageError> {
        if jobs.len() > LARGEST_JOINED || !jobs.iter().all(NewJob::is_plain) {
            return self.desk.store(jobs).await;
        }

        let (answer, answered) = oneshot::channel();
        let jobs = jobs.to_vec();
        let sent = self.requests.send(Request { jobs, answer }).await;
        sent.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())??;
        Ok(Vec::new())
    }
}

async fn serve(desk: Arc<Desk>, mut inbox: mpsc::Receiver<Request>) {
    let mut requests = Vec::new();
    while inbox.recv_many(&mut requests, MOST_JOINED).await > 0 {
        // Those who were answered just now come back with their next jobs.
        tokio::task::yield_now().await;
        while requests.len() < MOST_JOINED
            && let Ok(request) = inbox.try_recv()
        {
            requests.push(request);
        }
        commit(&desk, mem::take(&mut requests)).await;
    }
}

async fn commit(desk: &Arc<Desk>, requests: Vec<Request>) {
    let all: Vec<NewJob> = requests
        .iter()
        .flat_map(|request| request.jobs.iter().cloned())
        .collect();
    match desk.store(&all).await {
        Ok(_) => {
            for request in requests {
                // Who no longer waits needs no answer.
                let _ = request.answer.send(Ok(()));
            }
        }
        Err(_) => commit_apart(desk, requests).await,
    }
}

/// One of them is refused, or the database is away: each caller gets an answer of its own.
async fn commit_apart(desk: &Arc<Desk>, requests: Vec<Request>) {
    let mut commits = JoinSet::new();
    for request in requests {
        let desk = desk.clone();
        commits.spawn(async move {
            let answer = desk.store(&request.jobs).await;
            let _ = request.answer.send(answer.map(drop));
        });
    }
    commits.join_all().await;
}

impl Desk {
    async fn store(&self, jobs: &[NewJob]) -> Result<Vec<Duplicate>, StorageError> {
        if let Some(reservation) = self.standing.reserve(jobs) {
            let standing = &self.standing;
            let is_claimed = standing.enqueue(&self.kept, jobs, reservation).await?;
            if !is_claimed {
                self.announcer.enqueued();
            }
            return Ok(Vec::new());
        }

        let stored = self.commit(jobs).await?;
        self.announcer.enqueued();
        Ok(stored)
    }

    /// In the way that is the quickest for these jobs.
    async fn commit(&self, jobs: &[NewJob]) -> Result<Vec<Duplicate>, StorageError> {
        let is_one_statement = |job: &NewJob| job.is_plain() && job.due == Due::Now;
        if !jobs.iter().all(is_one_statement) {
            let mut transaction = begin(&self.pool).await.map_err(unavailable)?;
            let duplicates = enqueuing::store(&mut transaction, jobs).await?;
            transaction.commit().await.map_err(unavailable)?;
            return Ok(duplicates);
        }
        if jobs.len() >= MANY && copying::lie_together(jobs) {
            return copying::copy(&self.kept, jobs).await.map(|()| Vec::new());
        }
        let mut connection = self.kept.lend().await.map_err(unavailable)?;
        let stored = enqueuing::store(&mut connection, jobs).await;
        connection.keep_after(&stored).await;
        stored
    }
}

fn ended() -> StorageError {
    StorageError::unavailable(io::Error::other("the runtime of the storage has ended"))
}
