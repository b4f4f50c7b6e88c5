//! Arguments in several versions.

use super::stage::{HOUR, Stage, failed, job, past_job, retry};
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::{Claim, ClaimedJob, Command, KnownKind, ServerId, SharedStorage};

pub async fn a_claimed_job_tells_the_version_of_its_arguments(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let first = stage.enqueue(job()).await;
    let third = stage.enqueue(versioned(job(), 3)).await;

    let claimed = claim_up_to(&storage, server, 3).await;

    let versions: Vec<_> = claimed
        .iter()
        .map(|job| (job.lease.job, job.version))
        .collect();
    assert_eq!(versions, [(first, 1), (third, 3)]);
    assert_eq!(stage.details(third).await.summary.version, 3);
}

pub async fn newer_arguments_wait_for_a_server_that_knows_them(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (old, new) = (stage.server().await, stage.server().await);
    let newer = stage.enqueue(versioned(job(), 2)).await;
    let older = stage.enqueue(job()).await;

    let by_old = claim_up_to(&storage, old, 1).await;
    assert_eq!(by_old.len(), 1);
    assert_eq!(by_old[0].lease.job, older);
    assert_eq!(stage.state(newer).await, State::Enqueued);

    let by_new = claim_up_to(&storage, new, 2).await;
    assert_eq!(by_new[0].lease.job, newer);
}

pub async fn a_version_stays_with_a_job_all_its_life(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(versioned(past_job(), 2)).await;

    stage.enqueue_due().await;
    let claimed = claim_up_to(&storage, server, 2).await;
    stage.accepted(claimed[0].lease, retry("rain", HOUR)).await;
    stage.command(id, Command::TriggerNow).await;
    let claimed = claim_up_to(&storage, server, 2).await;
    stage.accepted(claimed[0].lease, failed("rain")).await;
    stage.command(id, Command::Delete).await;
    stage.command(id, Command::Requeue).await;

    let claimed = claim_up_to(&storage, server, 2).await;
    assert_eq!((claimed[0].lease.job, claimed[0].version), (id, 2));
}

fn versioned(job: NewJob, version: u32) -> NewJob {
    NewJob { version, ..job }
}

/// Claims jobs of kind `send` whose arguments have at most this version.
async fn claim_up_to(storage: &SharedStorage, server: ServerId, version: u32) -> Vec<ClaimedJob> {
    let claim = Claim {
        server,
        queues: vec!["default".to_owned()],
        kinds: vec![KnownKind {
            name: "send".to_owned(),
            version,
        }],
        limit: 10,
    };
    let claimed = storage.claim(&claim).await;
    claimed.expect("jobs are claimed").jobs
}
