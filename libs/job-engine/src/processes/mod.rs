//! What runs inside a server, one file each.

pub(crate) mod back_off;
pub(crate) mod cleaner;
pub(crate) mod heartbeat;
pub(crate) mod listener;
pub(crate) mod operator;
pub(crate) mod recurrer;
pub(crate) mod rescuer;
pub(crate) mod scheduler;
pub(crate) mod scribe;
mod steadiness;
pub(crate) mod worker;

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::back_off::BackOff;
use crate::storage::StorageError;

/// The longest that a storage may take to answer. A connection that hangs looks like one that is
/// slow; after this it counts as an outage.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(30);

/// Something that is done again and again.
#[async_trait]
pub(crate) trait Process: Send + Sync {
    /// What it is called in the log.
    const NAME: &'static str;

    /// Does one pass, and says how long to wait before the next one.
    async fn pass(&mut self) -> Result<Duration, StorageError>;

    /// Ends the wait early when it returns.
    async fn woken(&self) {
        std::future::pending::<()>().await;
    }
}

/// The loop of every process: it backs off while the storage is away, and goes on by itself.
/// A pass that has begun is not cut off by stopping, for it may have changed something.
pub(crate) async fn run<P: Process>(mut process: P, stopping: CancellationToken) {
    let mut outage = BackOff::default();
    while !stopping.is_cancelled() {
        match within(CALL_LIMIT, process.pass()).await {
            Ok(wait) => {
                if outage.end() {
                    tracing::info!(process = P::NAME, "the job storage is back");
                }
                tokio::select! {
                    () = stopping.cancelled() => {}
                    () = process.woken() => {}
                    () = sleep(wait) => {}
                }
            }
            Err(error) => {
                outage.log(P::NAME, &error);
                tokio::select! {
                    () = stopping.cancelled() => {}
                    () = sleep(outage.next_delay()) => {}
                }
            }
        }
    }
}

/// As [`run`], from when `first` has fired.
pub(crate) fn run_after<P: Process>(
    first: &CancellationToken,
    process: P,
    stopping: &CancellationToken,
) -> impl Future<Output = ()> + use<P> {
    let (first, stopping) = (first.clone(), stopping.clone());
    async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = first.cancelled() => run(process, stopping).await,
        }
    }
}

/// The answer of a storage, or that it did not come in time.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer,
        Err(elapsed) => Err(StorageError::unavailable(elapsed)),
    }
}
