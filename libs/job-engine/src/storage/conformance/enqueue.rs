//! How jobs are stored.

use serde_json::Value;

use super::stage::{HOUR, Stage, fact, job, jobs};
use crate::new_job::{Due, NewJob};
use crate::state::State;
use crate::storage::SharedStorage;

pub async fn a_job_waits_in_its_queue(storage: SharedStorage) {
    let stage = Stage::of(&storage);

    let id = stage.enqueue(job().in_queue("mail").with_priority(3)).await;

    let details = stage.details(id).await;
    assert_eq!(details.summary.id, id);
    assert_eq!(details.summary.kind, "send");
    assert_eq!(details.summary.queue, "mail");
    assert_eq!(details.summary.priority, 3);
    assert_eq!(details.summary.state, State::Enqueued);
    assert_eq!(details.summary.attempts, 0);
    assert_eq!(details.summary.abandoned, 0);
    assert_eq!(details.summary.due_at, None);
    assert_eq!(details.summary.server, None);
    assert_eq!(details.summary.error, None);
    assert_eq!(details.history.len(), 1);
    assert_eq!(details.history[0].state, State::Enqueued);
    assert_eq!(details.history[0].at, details.summary.changed_at);
    assert_eq!(fact(&details.history[0], "Queue"), Some(&"mail".into()));
}

pub async fn a_batch_is_stored_as_a_whole(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let batch = jobs(1000);

    stage.enqueue_all(&batch).await;

    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!(counts.enqueued, 1000);
    assert_eq!(stage.state(batch[999].id).await, State::Enqueued);
}

pub async fn a_batch_with_a_known_id_stores_nothing(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let known = job();
    stage.enqueue(known.clone()).await;
    let fresh = job();

    let refused = storage.enqueue(&[fresh.clone(), known]).await;

    assert!(refused.is_err());
    let stored = storage.job(fresh.id).await.expect("jobs can be read");
    assert_eq!(stored, None);
}

pub async fn an_empty_batch_changes_nothing(storage: SharedStorage) {
    Stage::of(&storage).enqueue_all(&[]).await;

    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!(counts, crate::storage::Counts::default());
}

pub async fn a_delayed_job_waits_for_its_time(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;

    let id = stage.enqueue(job().after(HOUR)).await;

    let details = stage.details(id).await;
    let due_at = details.summary.due_at.expect("it has a time");
    let wait = due_at.duration_since(details.summary.created_at);
    assert_eq!(details.summary.state, State::Scheduled);
    assert_eq!(wait.as_secs(), 3600);
    assert_eq!(stage.states(id).await, [State::Scheduled]);
    let enqueue_at = fact(&details.history[0], "EnqueueAt").and_then(Value::as_str);
    assert_eq!(enqueue_at.and_then(|at| at.parse().ok()), Some(due_at));
    assert_eq!(stage.claim(server, 10).await, []);
}

pub async fn arguments_come_back_as_they_were(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let odd =
        "nul \u{0}, bell \u{7}, \u{feff}bom, \u{ffff}, ✓ 漢字 🦀 \u{202e}dlrow, ' \" \\ $1 ? %s";
    let arguments = [
        serde_json::json!({ "text": odd, odd: [1, -2, 3.5, null, true] }).to_string(),
        r#"{"big":18446744073709551615,"small":-9223372036854775808}"#.to_owned(),
        "null".to_owned(),
        serde_json::json!("x".repeat(NewJob::MAX_ARGUMENTS_BYTES - 2)).to_string(),
    ];

    for arguments in arguments {
        let id = stage
            .enqueue(NewJob {
                arguments: arguments.clone(),
                due: Due::Now,
                ..job()
            })
            .await;

        let claimed = stage.claim_one(server).await;
        let shown = stage.details(id).await.summary.arguments;
        assert_eq!(claimed.lease.job, id);
        assert_eq!(json(&claimed.arguments), json(&arguments));
        assert_eq!(json(&shown), json(&arguments));
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}
