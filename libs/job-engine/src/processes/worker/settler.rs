use std::mem;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::job::ErrorReport;
use crate::processes::back_off::BackOff;
use crate::processes::{CALL_LIMIT, within};
use crate::session::Session;
use crate::storage::{Outcome, Settled, Settlement, StorageError};

/// How many outcomes wait for the settler before the workers do.
pub(crate) const INBOX: usize = MAX_BATCH;

const MAX_BATCH: usize = 2000;

/// So many that gather while a batch is being written are worth a second one beside it.
const CROWD: usize = 500;

/// Records outcomes in batches: whatever has gathered while the batch before was being written,
/// so that a single one goes at once and many go together.
pub(crate) async fn settle(session: Arc<Session>, mut inbox: mpsc::Receiver<Settlement>) {
    let mut gathered = Vec::new();
    let mut writing = JoinSet::new();
    loop {
        let room = MAX_BATCH - gathered.len();
        tokio::select! {
            count = inbox.recv_many(&mut gathered, room), if room > 0 => {
                if count == 0 {
                    break;
                }
            }
            Some(written) = writing.join_next() => written.expect("recording does not panic"),
        }
        let worth_it = match writing.len() {
            0 => 1,
            1 => CROWD,
            _ => continue,
        };
        if gathered.len() >= worth_it {
            writing.spawn(record(session.clone(), mem::take(&mut gathered)));
        }
    }
    record(session, gathered).await;
    writing.join_all().await;
}

async fn record(session: Arc<Session>, batch: Vec<Settlement>) {
    if batch.is_empty() {
        return;
    }
    match answers(&session, &batch).await {
        Ok(answers) => conclude(&session, &batch, &answers),
        // One outcome that cannot be stored must not stand in the way of the others.
        Err(_) => {
            for settlement in &batch {
                record_alone(&session, settlement).await;
            }
        }
    }
}

async fn record_alone(session: &Session, settlement: &Settlement) {
    let lease = settlement.lease;
    let reason = match answers(session, slice::from_ref(settlement)).await {
        Ok(answers) => return conclude(session, slice::from_ref(settlement), &answers),
        Err(reason) => reason,
    };

    tracing::error!(job = %lease.job, reason, "the outcome of a job cannot be stored");
    let instead = Settlement::new(lease, unstorable(&reason));
    match answers(session, slice::from_ref(&instead)).await {
        Ok(answers) => conclude(session, &[instead], &answers),
        Err(reason) => {
            tracing::error!(job = %lease.job, reason, "a job stays `Processing` until this server stops");
        }
    }
}

fn unstorable(reason: &str) -> Outcome {
    Outcome::Failed {
        error: ErrorReport {
            kind: "storage".to_owned(),
            message: "the outcome of the run cannot be stored".to_owned(),
            details: reason.to_owned(),
        },
        reason: "Given up: what the run came to cannot be stored".to_owned(),
    }
}

/// What the storage answers; tries on while it is away, for the jobs are done and their leases are
/// kept alive. The error is what it cannot store.
async fn answers(session: &Session, batch: &[Settlement]) -> Result<Answers, String> {
    let mut outage = BackOff::default();
    loop {
        match within(CALL_LIMIT, session.storage.settle(batch)).await {
            Ok(settled) => {
                let again = outage.end();
                return Ok(Answers { settled, again });
            }
            Err(StorageError::Corrupt(reason)) => return Err(reason),
            Err(error) => outage.log("settler", &error),
        }
        sleep(outage.next_delay()).await;
    }
}

struct Answers {
    settled: Vec<Settled>,
    /// The storage failed before it answered, so the outcomes may have been recorded then.
    again: bool,
}

fn conclude(session: &Session, batch: &[Settlement], answers: &Answers) {
    session
        .leases
        .forget(batch.iter().map(|settlement| settlement.lease));

    let mut scheduled = false;
    for (settlement, answer) in batch.iter().zip(&answers.settled) {
        match answer {
            Settled::Accepted => {
                session.tally.count(&settlement.outcome);
                session
                    .filters
                    .applied(settlement.lease, &settlement.outcome);
            }
            Settled::Stale if answers.again => {
                session.tally.count_unclear();
                session.filters.forget(settlement.lease);
            }
            Settled::Stale => {
                session.filters.forget(settlement.lease);
                session.tally.count_stale();
                let job = settlement.lease.job;
                tracing::warn!(%job, "a job lost its lease; its outcome is dropped");
            }
        }
        scheduled |= matches!(
            settlement.outcome,
            Outcome::Retry { .. } | Outcome::Snoozed { .. }
        );
    }
    if scheduled {
        session.scheduled.notify_one();
    }
    if session.held_back.load(Ordering::Acquire) {
        session.enqueued.notify_one();
    }
}
