//! The trace in which a job was enqueued.

use super::stage::{HOUR, Stage, error, failed, job, jobs, past_job, retry, succeeded};
use crate::continuation::ContinueOn;
use crate::new_job::NewJob;
use crate::storage::{Command, JobId, Outcome, SharedStorage};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub async fn a_claimed_job_knows_its_trace(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(traced(job())).await;
    assert_eq!(stage.claim_one(server).await.trace.as_deref(), Some(TRACE));

    let with_tenant = job().for_tenant("acme").expect("the name fits");
    stage.enqueue(traced(with_tenant)).await;
    assert_eq!(stage.claim_one(server).await.trace.as_deref(), Some(TRACE));

    stage.enqueue(job()).await;
    assert_eq!(stage.claim_one(server).await.trace, None);
}

pub async fn each_of_many_jobs_knows_its_trace(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let mut many = jobs(1000);
    many[700] = traced(job());
    let (plain, of_a_trace) = (many[699].id, many[700].id);

    stage.enqueue_all(&many).await;

    still_traced(&stage, of_a_trace).await;
    assert_eq!(stage.details(plain).await.trace, None);
}

pub async fn a_trace_stays_with_a_job_all_its_life(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(traced(past_job())).await;
    still_traced(&stage, id).await;

    stage.enqueue_due().await;
    still_traced(&stage, id).await;
    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, retry("rain", HOUR)).await;
    still_traced(&stage, id).await;
    stage.command(id, Command::TriggerNow).await;
    still_traced(&stage, id).await;
    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, failed("rain")).await;
    still_traced(&stage, id).await;
    stage.command(id, Command::Requeue).await;
    still_traced(&stage, id).await;
    stage.command(id, Command::Delete).await;
    still_traced(&stage, id).await;
    stage.command(id, Command::Requeue).await;
    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, retry("snow", HOUR)).await;
    stage.command(id, Command::Requeue).await;
    still_traced(&stage, id).await;
    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, succeeded()).await;
    still_traced(&stage, id).await;
}

pub async fn a_trace_survives_a_wait_for_others_and_a_deletion_at_the_end(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let parent = stage.enqueue(job()).await;
    let child = traced(job())
        .continuing([parent], ContinueOn::Success)
        .expect("it has a parent");
    let child = stage.enqueue(child).await;
    still_traced(&stage, child).await;

    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, succeeded()).await;

    let lease = stage.claim_one(server).await.lease;
    still_traced(&stage, child).await;
    let outcome = Outcome::Discarded {
        error: error("rain"),
        reason: "Nobody wants it".to_owned(),
    };
    stage.accepted(lease, outcome).await;
    still_traced(&stage, child).await;
    let waiting = stage.enqueue(traced(past_job())).await;
    stage.command(waiting, Command::Delete).await;
    still_traced(&stage, waiting).await;
}

fn traced(job: NewJob) -> NewJob {
    NewJob {
        trace: Some(TRACE.to_owned()),
        ..job
    }
}

async fn still_traced(stage: &Stage, id: JobId) {
    assert_eq!(stage.details(id).await.trace.as_deref(), Some(TRACE));
}
