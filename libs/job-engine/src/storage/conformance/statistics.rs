//! The past in numbers.

use jiff::Timestamp;

use super::stage::{HOUR, Stage, error, failed, job, job_of, retry, succeeded};
use crate::job::ErrorReport;
use crate::retention::Retention;
use crate::storage::{
    Command, ErrorGroup, JobId, JobQuery, Outcome, Resolution, SharedStorage, Test, Throughput,
};

pub async fn what_happens_to_jobs_is_counted_by_minute_hour_and_day(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for _ in 0..3 {
        let lease = stage.held_job().await;
        stage.accepted(lease, succeeded()).await;
    }
    let lost = stage.held_job().await;
    stage.accepted(lost, failed("rain")).await;
    let again = stage.held_job().await;
    stage.accepted(again, retry("rain", HOUR)).await;
    let unwanted = stage.enqueue(job()).await;
    stage.command(unwanted, Command::Delete).await;
    stage.command(lost.job, Command::Requeue).await;
    storage
        .remove_expired(Retention::of(HOUR), 10)
        .await
        .expect("nothing has expired, and what was counted is summed up");

    for resolution in Resolution::ALL {
        let counted = throughput(&storage, resolution).await;

        let total = Throughput {
            at: Timestamp::UNIX_EPOCH,
            succeeded: counted.iter().map(|span| span.succeeded).sum(),
            failed: counted.iter().map(|span| span.failed).sum(),
            retried: counted.iter().map(|span| span.retried).sum(),
            deleted: counted.iter().map(|span| span.deleted).sum(),
        };
        let expected = Throughput {
            at: Timestamp::UNIX_EPOCH,
            succeeded: 3,
            failed: 1,
            retried: 1,
            deleted: 1,
        };
        assert_eq!(total, expected, "{resolution:?}: {counted:?}");
        assert!(
            counted
                .iter()
                .all(|span| span.at == resolution.start(span.at))
        );
    }
}

pub async fn failures_that_are_alike_are_one_group(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let one = give_up(&stage, "no order 17").await;
    let alike = give_up(&stage, "no order 4711").await;
    let other = give_up(&stage, "no host").await;

    let groups = groups(&storage).await;

    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0].error.message, "no host");
    assert_eq!((groups[0].jobs, groups[0].failures), (1, 1));
    assert_eq!(groups[1].error.message, "no order 4711");
    assert_eq!((groups[1].jobs, groups[1].failures), (2, 2));
    assert_eq!(groups[1].kind, "send");
    let first = stage.details(one).await.summary.changed_at;
    let last = stage.details(alike).await.summary.changed_at;
    assert_eq!((groups[1].first_at, groups[1].last_at), (first, last));
    assert_eq!(jobs_of(&storage, &groups[1]).await, [alike, one]);
    assert_eq!(jobs_of(&storage, &groups[0]).await, [other]);
}

pub async fn a_group_ends_with_its_last_failed_job(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let one = give_up(&stage, "no order 17").await;
    let alike = give_up(&stage, "no order 18").await;

    stage.command(one, Command::Requeue).await;
    let left = groups(&storage).await;
    assert_eq!((left[0].jobs, left[0].failures), (1, 2));

    stage.command(alike, Command::Delete).await;
    assert_eq!(groups(&storage).await, []);
    stage.command(one, Command::Delete).await;

    storage
        .remove_expired(Retention::of(HOUR), 10)
        .await
        .expect("it is summed up");
    give_up(&stage, "no order 19").await;
    let again = groups(&storage).await;
    assert_eq!((again[0].jobs, again[0].failures), (1, 3));
}

pub async fn other_kinds_and_retries_are_other_matters(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    give_up(&stage, "rain").await;
    let server = stage.server().await;
    stage.enqueue(job_of("print")).await;
    let claimed = stage.claim_of(server, &["default"], &["print"], 1).await;
    stage.accepted(claimed[0].lease, failed("rain")).await;
    let lease = stage.held_job().await;
    stage.accepted(lease, retry("rain", HOUR)).await;

    let groups = groups(&storage).await;

    let kinds: Vec<&str> = groups.iter().map(|group| group.kind.as_str()).collect();
    assert_eq!(kinds, ["print", "send"]);
    assert!(groups.iter().all(|group| group.jobs == 1));
}

pub async fn the_group_of_an_odd_error_is_found(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    let odd = ErrorReport {
        kind: "\"group\":\"0000000000000000\"\0".to_owned(),
        ..error("\0 \"group\":\"1111111111111111\" \\ ' é")
    };
    let outcome = Outcome::Failed {
        error: odd.clone(),
        reason: "No attempt is left".to_owned(),
    };
    stage.accepted(lease, outcome).await;

    let groups = groups(&storage).await;

    assert_eq!(groups[0].group, odd.group());
    assert_eq!(groups[0].error, odd);
    assert_eq!(jobs_of(&storage, &groups[0]).await, [lease.job]);
}

async fn give_up(stage: &Stage, message: &str) -> JobId {
    let lease = stage.held_job().await;
    stage.accepted(lease, failed(message)).await;
    lease.job
}

async fn throughput(storage: &SharedStorage, resolution: Resolution) -> Vec<Throughput> {
    let since = Timestamp::UNIX_EPOCH;
    let counted = storage.throughput(resolution, since).await;
    counted.expect("the past is told")
}

async fn groups(storage: &SharedStorage) -> Vec<ErrorGroup> {
    storage.error_groups(10).await.expect("groups are listed")
}

async fn jobs_of(storage: &SharedStorage, group: &ErrorGroup) -> Vec<JobId> {
    let query = JobQuery {
        kind: Some(group.kind.clone()),
        conditions: vec![Test::ErrorGroup(group.group.clone()).holds()],
        ..JobQuery::default()
    };
    let page = storage.jobs(&query).await.expect("jobs are found");
    page.jobs.iter().map(|job| job.id).collect()
}
