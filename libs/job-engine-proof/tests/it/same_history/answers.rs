//! What the storages say, in words without times.

use std::fmt::Write;
use std::time::Duration;

use job_engine::Retention;
use job_engine::storage::{Claim, ClaimedJob, Heartbeat, Lease, SharedStorage};

use super::recurring;
use super::script::{Call, Script};

/// In words without times, and the leases that it gave.
pub(super) async fn answer(storage: &SharedStorage, call: &Call) -> (String, Vec<Lease>) {
    let mut leases = Vec::new();
    let words = match call {
        Call::Enqueue(jobs) => {
            let mut duplicates = storage.enqueue(jobs).await.ok();
            if let Some(duplicates) = &mut duplicates {
                duplicates.sort_unstable_by_key(|duplicate| duplicate.job);
            }
            format!("duplicates {duplicates:?}")
        }
        Call::Claim(claim) => {
            let claimed = claim_all(storage, claim.clone()).await;
            leases.extend(claimed.iter().map(|job| job.lease));
            format!("{claimed:?}")
        }
        Call::Begin(lease) => format!("{:?}", storage.begin(*lease).await.expect("it answers")),
        Call::Pause(queue) => {
            let paused = storage.pause_queue(queue, "ada", "By chance").await;
            format!("{:?}", paused.is_ok())
        }
        Call::Resume(queue) => {
            let resumed = storage.resume_queue(queue).await;
            format!("{:?}", resumed.expect("it answers"))
        }
        Call::Limit(of, limit) => {
            let set = storage.set_limit(of, *limit).await;
            format!("{:?}", set.is_ok())
        }
        Call::LiftLimit(of) => {
            let lifted = storage.remove_limit(of).await;
            format!("{:?}", lifted.expect("it answers"))
        }
        Call::Settle(settlements) => {
            format!(
                "{:?}",
                storage.settle(settlements).await.expect("it answers")
            )
        }
        Call::Command(job, command) => {
            let commanded = storage.command(*job, *command, "By chance").await;
            format!("{:?}", commanded.expect("it answers"))
        }
        Call::EnqueueDue => {
            let due = storage.enqueue_due(1000).await.expect("it answers");
            format!("{} due, more: {}", due.enqueued, due.next_in.is_some())
        }
        Call::Announce(server) => format!("{:?}", storage.announce(server).await.is_ok()),
        Call::Heartbeat(server, held) => {
            match storage.heartbeat(*server, held).await.expect("it answers") {
                Heartbeat::Alive { mut lost, .. } => {
                    lost.sort_unstable_by_key(|lease| (lease.job, lease.epoch));
                    lost.dedup();
                    format!("lost {lost:?}")
                }
                Heartbeat::Gone => "gone".to_owned(),
            }
        }
        Call::GiveBackExcept(server, held) => {
            let given_back = storage.give_back_except(*server, held).await;
            format!("{} given back", given_back.expect("it answers"))
        }
        Call::Retire(server) => format!("{:?}", storage.retire(*server).await.is_ok()),
        Call::RescueAll => {
            let mut rescued = storage.rescue(Duration::ZERO).await.expect("it answers");
            rescued.servers.sort_unstable();
            rescued.jobs.sort_unstable();
            format!("{rescued:?}")
        }
        Call::RemoveExpired => {
            let removed = storage
                .remove_expired(Retention::of(Duration::ZERO), 1000)
                .await;
            format!("{} removed", removed.expect("it answers"))
        }
        Call::Recurring(call) => recurring::answer(storage, call).await,
    };
    (words, leases)
}

/// When to look again is a hint, and a storage may take several looks to see all that may run.
async fn claim_all(storage: &SharedStorage, mut claim: Claim) -> Vec<ClaimedJob> {
    let mut all = Vec::new();
    loop {
        let claimed = storage.claim(&claim).await.expect("it answers");
        let again = claimed.again_in == Some(Duration::ZERO);
        claim.limit -= claimed.jobs.len();
        all.extend(claimed.jobs.into_iter().map(|job| ClaimedJob {
            // By each storage's own clock.
            waited: Duration::ZERO,
            ..job
        }));
        if !again || claim.limit == 0 {
            return all;
        }
    }
}

/// Everything that can be seen, without times.
pub(super) async fn remains(storage: &SharedStorage, script: &Script) -> String {
    let mut text = String::new();
    let counts = storage.counts().await.expect("it answers");
    writeln!(text, "{counts:?}").expect("text grows");
    for queue in storage.queues().await.expect("it answers") {
        let (name, enqueued, processing) = (queue.name, queue.enqueued, queue.processing);
        let paused = queue.paused.is_some();
        writeln!(text, "{name}: {enqueued} and {processing}, {paused}").expect("text grows");
    }
    for id in &script.batches {
        let batch = storage.batch(*id).await.expect("it answers");
        let batch = batch.map(|it| (it.jobs, it.succeeded, it.failed, it.deleted, it.end()));
        writeln!(text, "batch {id}: {batch:?}").expect("text grows");
    }
    for job in &script.jobs {
        let details = storage.job(job.id).await.expect("it answers");
        let Some(details) = details else {
            writeln!(text, "{} is gone", job.id).expect("text grows");
            continue;
        };
        let summary = details.summary;
        let origin = details
            .origin
            .map(|it| (it.recurring_job, it.run, it.cause));
        writeln!(
            text,
            "{} {} {} {} {} {:?} {} {} {:?} {:?} {} {:?} {:?} {:?} {:?} {origin:?}",
            summary.id,
            summary.state,
            summary.kind,
            summary.queue,
            summary.priority,
            summary.reason,
            summary.attempts,
            summary.abandoned,
            summary.error,
            details.result,
            summary.due_at.is_some(),
            summary.tenant,
            summary.tags,
            summary.batch,
            details.trace,
        )
        .expect("text grows");
        for entry in details.history {
            let facts = entry.facts.iter().filter(|(name, _)| is_no_time(name));
            let facts: Vec<_> = facts.collect();
            let (state, reason, error) = (entry.state, entry.reason, entry.error);
            writeln!(text, "  {state} {reason:?} {error:?} {facts:?}").expect("text grows");
        }
    }
    text.push_str(&recurring::remains(storage).await);
    text
}

fn is_no_time(fact: &str) -> bool {
    ["Queue", "Attempt", "ServerId", "DurationMs", "Result"].contains(&fact)
}
