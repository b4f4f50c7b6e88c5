//! Whose a job is, and what it is tagged with.

use super::stage::{HOUR, Stage, failed, job, past_job, retry, succeeded};
use crate::new_job::NewJob;
use crate::storage::{Command, JobId, SharedStorage};

pub async fn a_claimed_job_knows_its_tenant_and_its_tags(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(tagged(job())).await;

    let claimed = stage.claim_one(server).await;

    assert_eq!(claimed.tenant.as_deref(), Some("acme"));
    assert_eq!(claimed.tags, ["vip", "import"]);
}

pub async fn a_plain_job_has_no_tenant_and_no_tags(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(job()).await;

    let claimed = stage.claim_one(server).await;

    assert_eq!(claimed.tenant, None);
    assert_eq!(claimed.tags, Vec::<String>::new());
    let summary = stage.details(id).await.summary;
    assert_eq!((summary.tenant, summary.tags), (None, Vec::new()));
}

pub async fn tenant_and_tags_stay_with_a_job_all_its_life(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(tagged(past_job())).await;
    still_tagged(&stage, id).await;

    stage.enqueue_due().await;
    still_tagged(&stage, id).await;
    let lease = stage.claim_one(server).await.lease;
    still_tagged(&stage, id).await;
    stage.accepted(lease, retry("rain", HOUR)).await;
    still_tagged(&stage, id).await;
    stage.command(id, Command::TriggerNow).await;
    still_tagged(&stage, id).await;
    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, failed("rain")).await;
    still_tagged(&stage, id).await;
    stage.command(id, Command::Requeue).await;
    still_tagged(&stage, id).await;
    stage.command(id, Command::Delete).await;
    still_tagged(&stage, id).await;
    stage.command(id, Command::Requeue).await;
    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, retry("snow", HOUR)).await;
    stage.command(id, Command::Requeue).await;
    still_tagged(&stage, id).await;
    let lease = stage.claim_one(server).await.lease;
    stage.accepted(lease, succeeded()).await;
    still_tagged(&stage, id).await;
}

pub async fn odd_tags_come_back_as_they_were(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let odd = [r#"a"b"#, r"c:\d\", "{e,f}", "NULL", " ", "größer", "'; --"];
    let job = job().tagged(odd).expect("these are tags");

    let id = stage.enqueue(job).await;

    assert_eq!(stage.details(id).await.summary.tags, odd);
}

fn tagged(job: NewJob) -> NewJob {
    job.for_tenant("acme")
        .and_then(|job| job.tagged(["vip", "import"]))
        .expect("these are names")
}

async fn still_tagged(stage: &Stage, id: JobId) {
    let summary = stage.details(id).await.summary;
    assert_eq!(summary.tenant.as_deref(), Some("acme"));
    assert_eq!(summary.tags, ["vip", "import"]);
}
