//! How a job that kills its process is told from those that only ran beside it.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::processes::{CALL_LIMIT, within};
use crate::session::Session;
use crate::storage::{ClaimedJob, Outcome};

/// Once is bad luck, for a death takes all that run in the process; twice is a suspicion.
const SUSPICIOUS: u32 = 2;

/// How long a suspect waits for its turn in the hands of a worker.
const PATIENCE: Duration = Duration::from_millis(250);

/// Where suspects stand, one at a time.
#[derive(Debug)]
pub(crate) struct Dock(Semaphore);

/// Kept while the suspect runs; others run freely.
pub(super) type Place<'a> = Option<SemaphorePermit<'a>>;

impl Default for Dock {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

/// Lets the job run: alone of its kind if it is a suspect, and noted before it begins if a process
/// died with it before, so that the next death counts against it. The error is what happens instead.
pub(super) async fn admit<'a>(
    session: &'a Session,
    claimed: &ClaimedJob,
) -> Result<Place<'a>, Outcome> {
    if claimed.abandoned == 0 {
        return Ok(None);
    }
    let mut place = None;
    if claimed.abandoned >= SUSPICIOUS {
        place = Some(session.dock.place().await.ok_or_else(put_off)?);
    }

    // A lease that is lost is found out when the run is settled, as for every other job.
    match within(CALL_LIMIT, session.storage.begin(claimed.lease)).await {
        Ok(_) => Ok(place),
        Err(error) => {
            tracing::warn!(%error, "a job that was abandoned before is put off");
            Err(put_off())
        }
    }
}

impl Dock {
    async fn place(&self) -> Option<SemaphorePermit<'_>> {
        timeout(PATIENCE, self.0.acquire()).await.ok()?.ok()
    }
}

/// Spread, so that those who are put off together do not meet again.
fn put_off() -> Outcome {
    Outcome::Snoozed {
        delay: Duration::from_secs_f64(rand::random_range(1.0..5.0)),
        reason: "Put off: jobs whose process died run one at a time".to_owned(),
    }
}
