//! How claims end.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{HOUR, Stage, error, fact, failed, job, jobs, outcomes, retry, succeeded};
use crate::state::State;
use crate::storage::{Lease, Outcome, Settled, Settlement, SharedStorage};

pub async fn a_job_succeeds_with_its_result(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    let result = json!({ "sent": 3, "to": ["ada"] });

    let outcome = Outcome::Succeeded {
        duration: Duration::from_millis(1500),
        result: Some(result.to_string()),
    };
    stage.accepted(lease, outcome).await;

    let details = stage.details(lease.job).await;
    assert_eq!(details.summary.state, State::Succeeded);
    assert_eq!(details.summary.attempts, 1);
    assert_eq!(details.summary.server, None);
    let duration = details.summary.duration.expect("it took some time");
    assert_eq!(duration.as_millis(), 1500);
    let stored: Value = serde_json::from_str(&details.result.expect("it has a result"))
        .expect("the result is JSON");
    assert_eq!(stored, result);
    let last = details.history.last().expect("it has a history");
    assert_eq!(last.state, State::Succeeded);
    assert_eq!(fact(last, "DurationMs"), Some(&json!(1500)));
    assert_eq!(fact(last, "Result"), Some(&result));
}

pub async fn a_job_succeeds_without_a_result(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;

    stage.accepted(lease, succeeded()).await;

    let details = stage.details(lease.job).await;
    assert_eq!(details.result, None);
    let states = stage.states(lease.job).await;
    assert_eq!(
        states,
        [State::Enqueued, State::Processing, State::Succeeded]
    );
    assert_eq!(fact(&details.history[2], "Result"), None);
}

pub async fn a_failed_attempt_is_kept_beside_its_retry(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;

    stage.accepted(lease, retry("no route to host", HOUR)).await;

    let details = stage.details(lease.job).await;
    assert_eq!(details.summary.state, State::Scheduled);
    assert_eq!(details.summary.attempts, 1);
    assert_eq!(details.summary.error, Some(error("no route to host")));
    let reason = "Retry: no route to host";
    assert_eq!(details.summary.reason.as_deref(), Some(reason));
    let due_at = details.summary.due_at.expect("it has a time");
    let wait = due_at.duration_since(details.summary.changed_at);
    assert_eq!(wait.as_secs(), 3600);
    let states = stage.states(lease.job).await;
    assert_eq!(
        states,
        [
            State::Enqueued,
            State::Processing,
            State::Failed,
            State::Scheduled
        ]
    );
    assert_eq!(details.history[2].error, Some(error("no route to host")));
    assert_eq!(details.history[3].error, None);
    assert_eq!(details.history[3].reason.as_deref(), Some(reason));
    let enqueue_at = fact(&details.history[3], "EnqueueAt").and_then(Value::as_str);
    assert_eq!(enqueue_at.and_then(|at| at.parse().ok()), Some(due_at));
}

pub async fn the_error_of_every_attempt_is_kept(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(job()).await;

    for attempt in 1..=3 {
        let claimed = stage.claim_one(server).await;
        assert_eq!(claimed.attempt, attempt);
        let outcome = retry(&format!("attempt {attempt}"), Duration::ZERO);
        stage.accepted(claimed.lease, outcome).await;
        assert_eq!(stage.enqueue_due().await, 1);
    }

    let details = stage.details(id).await;
    let errors: Vec<_> = details
        .history
        .iter()
        .filter_map(|entry| entry.error.clone())
        .collect();
    assert_eq!(
        errors,
        [error("attempt 1"), error("attempt 2"), error("attempt 3")]
    );
    assert_eq!(details.summary.error, Some(error("attempt 3")));
}

pub async fn a_job_is_given_up(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;

    stage.accepted(lease, failed("no route to host")).await;

    let details = stage.details(lease.job).await;
    assert_eq!(details.summary.state, State::Failed);
    assert_eq!(details.summary.attempts, 1);
    assert_eq!(details.summary.error, Some(error("no route to host")));
    let reason = details.summary.reason.as_deref();
    assert_eq!(reason, Some("No attempt is left"));
    assert_eq!(details.history.len(), 3);
    assert_eq!(details.history[2].error, Some(error("no route to host")));
}

pub async fn a_discarded_job_is_deleted_after_its_last_failure(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    let outcome = Outcome::Discarded {
        error: error("no route to host"),
        reason: "Given up".to_owned(),
    };

    stage.accepted(lease, outcome).await;

    let details = stage.details(lease.job).await;
    assert_eq!(details.summary.state, State::Deleted);
    assert_eq!(details.summary.attempts, 1);
    assert_eq!(details.summary.reason.as_deref(), Some("Given up"));
    assert_eq!(details.summary.error, Some(error("no route to host")));
    let [_, _, failed, deleted] = &details.history[..] else {
        panic!("{:?}", details.history);
    };
    assert_eq!(failed.state, State::Failed);
    assert_eq!(failed.error, Some(error("no route to host")));
    assert_eq!(deleted.state, State::Deleted);
    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!((counts.deleted, counts.failed), (1, 0));
}

pub async fn a_snoozed_job_does_not_use_up_an_attempt(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(job()).await;
    let claimed = stage.claim_one(server).await;

    let outcome = Outcome::Snoozed {
        delay: Duration::ZERO,
        reason: "Snoozed".to_owned(),
    };
    stage.accepted(claimed.lease, outcome).await;

    let summary = stage.details(id).await.summary;
    assert_eq!(summary.state, State::Scheduled);
    assert_eq!(summary.reason.as_deref(), Some("Snoozed"));
    assert_eq!(summary.attempts, 0);
    assert_eq!(stage.enqueue_due().await, 1);
    assert_eq!(stage.claim_one(server).await.attempt, 1);
}

pub async fn a_returned_job_does_not_use_up_an_attempt(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(job()).await;
    let claimed = stage.claim_one(server).await;

    let reason = "The server stops".to_owned();
    stage
        .accepted(claimed.lease, Outcome::Returned { reason })
        .await;

    let details = stage.details(id).await;
    assert_eq!(details.summary.state, State::Enqueued);
    assert_eq!(details.summary.attempts, 0);
    assert_eq!(details.summary.abandoned, 0);
    let reason = details.summary.reason.as_deref();
    assert_eq!(reason, Some("The server stops"));
    assert_eq!(stage.claim_one(server).await.attempt, 1);
}

pub async fn the_answers_are_in_the_order_of_the_settlements(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(4)).await;
    let leases: Vec<Lease> = leases_of(&stage, server, 4).await;
    stage.accepted(leases[1], succeeded()).await;

    let settlements: Vec<Settlement> = [
        (leases[3], succeeded()),
        (leases[1], succeeded()),
        (leases[0], failed("rain")),
        (leases[2], retry("wind", HOUR)),
    ]
    .map(|(lease, outcome)| Settlement::new(lease, outcome))
    .into();
    let settled = storage.settle(&settlements).await.expect("it is recorded");

    let accepted = Settled::Accepted;
    assert_eq!(settled, [accepted, Settled::Stale, accepted, accepted]);
    assert_eq!(stage.state(leases[0].job).await, State::Failed);
    assert_eq!(stage.state(leases[2].job).await, State::Scheduled);
    assert_eq!(stage.state(leases[3].job).await, State::Succeeded);
    let nothing = storage.settle(&[]).await.expect("nothing is recorded");
    assert_eq!(nothing, []);
}

pub async fn odd_characters_do_not_stop_a_failure_from_being_recorded(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let odd = "🦀 \u{0}\u{1}\u{7f}\u{feff}\u{ffff}\u{202e} ' \" \\ \\u0000 $1 ? %s";
    for outcome in [
        retry(odd, HOUR),
        failed(odd),
        Outcome::Failed {
            error: error(odd),
            reason: odd.to_owned(),
        },
        Outcome::Snoozed {
            delay: HOUR,
            reason: odd.to_owned(),
        },
        Outcome::Succeeded {
            duration: Duration::ZERO,
            result: Some(json!(odd).to_string()),
        },
    ] {
        let has_error = matches!(outcome, Outcome::Retry { .. } | Outcome::Failed { .. });
        let lease = stage.held_job().await;

        stage.accepted(lease, outcome).await;

        let kept = stage.details(lease.job).await.summary.error;
        let kept = kept.map(|error| error.message.starts_with('🦀'));
        assert_eq!(kept, has_error.then_some(true));
    }
}

pub async fn six_hundred_claims_are_settled_at_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(600)).await;
    let leases = leases_of(&stage, server, 600).await;

    let settlements: Vec<Settlement> = leases
        .iter()
        .zip(outcomes().into_iter().cycle())
        .map(|(&lease, outcome)| Settlement::new(lease, outcome))
        .collect();
    let settled = storage.settle(&settlements).await.expect("it is recorded");

    assert_eq!(settled, vec![Settled::Accepted; 600]);
    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!(counts.processing, 0);
    assert_eq!(counts.succeeded, 100);
    assert_eq!(counts.scheduled, 200);
    assert_eq!(counts.retries, 100);
    assert_eq!(counts.failed, 100);
    assert_eq!(counts.deleted, 100);
    assert_eq!(counts.enqueued, 100);
}

async fn leases_of(stage: &Stage, server: crate::storage::ServerId, count: usize) -> Vec<Lease> {
    let claimed = stage.claim(server, count).await;
    assert_eq!(claimed.len(), count);
    claimed.iter().map(|job| job.lease).collect()
}
