//! For the tests of an application: run a job without a server, work off a storage, see what was
//! enqueued. Feature `testing`.
//!
//! [`MemoryStorage`](crate::storage::memory::MemoryStorage) follows tokio's clock, which a test
//! pauses with `#[tokio::test(start_paused = true)]`, and has
//! [`skip`](crate::storage::memory::MemoryStorage::skip) to move its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::job::{Attempt, Job, JobError};
use crate::registry::Registry;
use crate::server::Server;
use crate::server_options::ServerOptions;
use crate::state::State;
use crate::storage::{JobId, JobQuery, Lease, SharedStorage};
use crate::tally::Tally;

/// At most so many waiting jobs of a kind are looked at.
const MOST: usize = 1000;

const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Runs a job here and now, as its only attempt: no storage, no retries, no hooks, and a panic is
/// the test's own.
pub async fn run_inline<J: Job>(job: &J, context: &J::Context) -> Result<(), JobError> {
    let lease = Lease {
        job: JobId::random(),
        epoch: 1,
    };
    job.run(context, &Attempt::new(lease, 1, 1)).await
}

/// Works off what waits in the queue `default` or is due, with all that these jobs enqueue, and
/// answers what came of it. Jobs that are delayed or wait for another attempt stay `Scheduled`:
/// move the clock and drain again.
///
/// # Panics
///
/// When the storage fails.
pub async fn drain<C: Send + Sync + 'static>(
    storage: &SharedStorage,
    registry: Registry<C>,
    context: Arc<C>,
) -> Tally {
    drain_with(storage, registry, context, ServerOptions::default()).await
}

/// Like [`drain`], by a server with these options: other queues, another retry policy.
///
/// # Panics
///
/// When the storage fails or the options contradict themselves.
pub async fn drain_with<C: Send + Sync + 'static>(
    storage: &SharedStorage,
    registry: Registry<C>,
    context: Arc<C>,
    options: ServerOptions,
) -> Tally {
    while storage
        .enqueue_due(MOST)
        .await
        .expect("due jobs are moved")
        .enqueued
        > 0
    {}
    let server = Server::new(storage.clone(), registry, context).options(options);
    let server = server.start().await.expect("the server starts");
    loop {
        let counts = storage.counts().await.expect("jobs are counted");
        if counts.enqueued + counts.processing == 0 {
            break;
        }
        sleep(LOOK_AGAIN).await;
    }
    let tally = server.tally();
    server.stop().await;
    tally
}

/// The job of this kind that waits (`Enqueued` or `Scheduled`) and is the one that is looked for.
///
/// # Panics
///
/// When there is none, with what waits instead; when the storage fails.
pub async fn assert_enqueued<J: Job>(storage: &SharedStorage, is_it: impl Fn(&J) -> bool) -> JobId {
    let waiting = waiting::<J>(storage).await;
    let found = waiting.iter().find(|(_, arguments)| {
        let job = serde_json::from_str(arguments);
        job.is_ok_and(|job| is_it(&job))
    });
    match found {
        Some((id, _)) => *id,
        None => panic!("no such job `{}` waits; these do: {waiting:#?}", J::NAME),
    }
}

/// # Panics
///
/// When a job of this kind waits (`Enqueued` or `Scheduled`), or when the storage fails.
pub async fn assert_none_enqueued<J: Job>(storage: &SharedStorage) {
    let waiting = waiting::<J>(storage).await;
    assert!(waiting.is_empty(), "jobs `{}` wait: {waiting:#?}", J::NAME);
}

async fn waiting<J: Job>(storage: &SharedStorage) -> Vec<(JobId, String)> {
    let mut waiting = Vec::new();
    for state in [State::Enqueued, State::Scheduled] {
        let query = JobQuery {
            state: Some(state),
            kind: Some(J::NAME.to_owned()),
            limit: MOST,
            ..JobQuery::default()
        };
        let page = storage.jobs(&query).await.expect("jobs are listed");
        waiting.extend(page.jobs.into_iter().map(|job| (job.id, job.arguments)));
    }
    waiting
}
