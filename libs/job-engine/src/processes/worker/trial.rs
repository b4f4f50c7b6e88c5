//! How a job that kills its process is told from those that only ran beside it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::processes::{CALL_LIMIT, within};
use crate::session::Session;
use crate::storage::{ClaimedJob, Outcome};

/// Once is bad luck, for a death takes all that run in the process; twice is a suspicion.
const SUSPICIOUS: u32 = 2;

/// How long a suspect waits for its turn in the hands of a worker.
const PATIENCE: Duration = Duration::from_millis(250);

/// What a process must have lived before it runs a job with the third death, twice as long for each
/// further one. So that a process that is killed again and again does not bring the same job, which
/// comes first, one death after the other.
const FIRST_PROOF_OF_LIFE: Duration = Duration::from_secs(1);
const LONGEST_PROOF_OF_LIFE: Duration = Duration::from_secs(8);

/// Where suspects stand, one at a time.
#[derive(Debug)]
pub(crate) struct Dock(Arc<Semaphore>);

/// A suspect's alone. It goes with the lease: were it free before the outcome is recorded, the next
/// suspect's death would count against one that has ended well.
pub(super) type Place = OwnedSemaphorePermit;

impl Default for Dock {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// Lets the job run: alone of its kind if it is a suspect, and noted before it begins if a process
/// died with it before, so that the next death counts against it. The error is what happens instead.
pub(super) async fn admit(session: &Session, claimed: &ClaimedJob) -> Result<(), Outcome> {
    if claimed.abandoned == 0 {
        return Ok(());
    }
    let is_to_run = claimed.abandoned < session.options.max_abandoned;
    let lacking = proof_of_life(claimed.abandoned).saturating_sub(session.since.elapsed());
    if is_to_run && !lacking.is_zero() {
        return Err(until_proven(lacking));
    }
    if claimed.abandoned >= SUSPICIOUS {
        let place = session.dock.place().await.ok_or_else(put_off)?;
        session.leases.keep_place(claimed.lease, place);
    }

    // A lease that is lost is found out when the run is settled, as for every other job.
    match within(CALL_LIMIT, session.storage.begin(claimed.lease)).await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::warn!(%error, "a job that was abandoned before is put off");
            Err(put_off())
        }
    }
}

impl Dock {
    async fn place(&self) -> Option<Place> {
        let place = self.0.clone().acquire_owned();
        timeout(PATIENCE, place).await.ok()?.ok()
    }
}

fn proof_of_life(abandoned: u32) -> Duration {
    match abandoned.checked_sub(SUSPICIOUS + 1) {
        None => Duration::ZERO,
        Some(further) => FIRST_PROOF_OF_LIFE
            .saturating_mul(2_u32.saturating_pow(further))
            .min(LONGEST_PROOF_OF_LIFE),
    }
}

fn until_proven(lacking: Duration) -> Outcome {
    Outcome::Snoozed {
        delay: lacking,
        reason: "Put off: the process has not lived long enough for a job with which several died"
            .to_owned(),
    }
}

/// Spread, so that those who are put off together do not meet again.
fn put_off() -> Outcome {
    Outcome::Snoozed {
        delay: Duration::from_secs_f64(rand::random_range(1.0..5.0)),
        reason: "Put off: jobs whose process died run one at a time".to_owned(),
    }
}
