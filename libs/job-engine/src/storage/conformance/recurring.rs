//! How recurring jobs are kept.

use std::time::Duration;

use jiff::Timestamp;

use super::recurring_stage::{
    advance, created, daily, due, due_ids, due_since, find, history, ids, kinds, noon, page, save,
    time,
};
use super::stage::{HOUR, Stage};
use crate::state::State;
use crate::storage::{JobId, RecurringRecord, SharedStorage};

/// Far longer than a wake-up takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn a_record_comes_back_as_it_was(storage: SharedStorage) {
    let record = RecurringRecord {
        look_at: Some(time("2026-11-26T12:00:01Z")),
        paused_at: Some(time("2026-11-26T12:00:02Z")),
        paused_because: Some("Ada \0 said so".replace('\0', "\u{2400}")),
        error: Some("oh".to_owned()),
        code_time_zone: "Europe/Berlin".to_owned(),
        ..daily("nightly")
    };

    assert!(save(&storage, &record).await);

    let stored = find(&storage, "nightly").await;
    let expected = RecurringRecord {
        revision: 1,
        created_at: stored.created_at,
        changed_at: stored.created_at,
        ..record
    };
    assert_eq!(stored, expected);
    let other = storage.recurring_job("weekly").await;
    assert_eq!(other.expect("it is looked for"), None);
}

pub async fn a_change_that_does_not_know_of_an_earlier_one_changes_nothing(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);
    let stored = find(&storage, "nightly").await;

    assert!(!save(&storage, &daily("nightly")).await);
    let paused = RecurringRecord {
        paused_at: Some(stored.created_at),
        ..stored.clone()
    };
    assert!(save(&storage, &paused).await);
    assert!(!save(&storage, &stored).await);

    let now = find(&storage, "nightly").await;
    assert_eq!((now.revision, now.paused_at), (2, Some(stored.created_at)));
    assert_eq!(now.created_at, stored.created_at);
}

pub async fn records_are_listed_by_id(storage: SharedStorage) {
    for id in ["b", "B", "a:2", "a", "c"] {
        assert!(save(&storage, &daily(id)).await);
    }

    let first = page(&storage, None, None, 3).await;
    let second = page(&storage, None, first.1.clone(), 3).await;

    assert_eq!(first, (ids(&["B", "a", "a:2"]), Some("a:2".to_owned())));
    assert_eq!(second, (ids(&["b", "c"]), None));
}

pub async fn records_are_found_by_id_and_by_kind(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly-report")).await);
    let other = RecurringRecord {
        kind: "report_sales".to_owned(),
        ..daily("sales")
    };
    assert!(save(&storage, &other).await);

    let reports = page(&storage, Some("report"), None, 0).await;
    let nightly = page(&storage, Some("nightly-"), None, 0).await;
    let none = page(&storage, Some("%"), None, 0).await;

    assert_eq!(reports.0, ids(&["nightly-report", "sales"]));
    assert_eq!(nightly.0, ids(&["nightly-report"]));
    assert_eq!(none.0, ids(&[]));
}

pub async fn a_record_is_due_when_its_time_has_come(storage: SharedStorage) {
    let now = storage.time().await.expect("it is some time");
    let later = RecurringRecord {
        look_at: Some(now + HOUR),
        ..daily("later")
    };
    let paused = RecurringRecord {
        look_at: None,
        ..daily("paused")
    };
    for record in [
        &due_since("second", now - HOUR),
        &due_since("first", now - 2 * HOUR),
        &later,
        &paused,
    ] {
        assert!(save(&storage, record).await);
    }

    let all = due(&storage).await;
    let one = storage.due_recurring(&kinds(), 1).await;

    assert_eq!(due_ids(&all), ["first", "second"]);
    assert!(all.now >= now);
    let next_in = all.next_in.expect("one is due later");
    assert!(next_in <= HOUR && next_in > HOUR / 2, "{next_in:?}");
    assert_eq!(due_ids(&one.expect("it is looked for")), ["first"]);
}

pub async fn nothing_is_due_where_nothing_recurs(storage: SharedStorage) {
    let found = due(&storage).await;

    assert_eq!((found.due, found.next_in), (Vec::new(), None));
}

pub async fn a_kind_is_left_to_those_who_know_it_for_a_while(storage: SharedStorage) {
    let now = storage.time().await.expect("it is some time");
    let strange = |id: &str, look_at: Timestamp| RecurringRecord {
        kind: "strange".to_owned(),
        ..due_since(id, look_at)
    };
    assert!(save(&storage, &strange("old", now - HOUR)).await);
    assert!(save(&storage, &strange("new", now)).await);
    assert!(save(&storage, &strange("later", now + HOUR)).await);

    let found = due(&storage).await;

    assert_eq!(due_ids(&found), ["old"]);
    assert_eq!(found.next_in, None);
}

pub async fn a_removed_record_is_gone_with_its_history(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    assert!(save(&storage, &daily("nightly")).await);
    let record = find(&storage, "nightly").await;
    assert_eq!(advance(&storage, &[created(&record, noon())]).await, [true]);

    let removed = storage.remove_recurring("nightly").await;
    let again = storage.remove_recurring("nightly").await;

    assert!(removed.expect("it is removed"));
    assert!(!again.expect("there is none"));
    assert_eq!(history(&storage, "nightly").await, Vec::<String>::new());
    let details = stage.details(JobId::of_occurrence("nightly", noon())).await;
    assert_eq!(
        (details.summary.state, details.origin),
        (State::Enqueued, None)
    );
}

pub async fn a_changed_record_wakes_who_waits(storage: SharedStorage) {
    assert!(save(&storage, &daily("nightly")).await);

    let woken = tokio::time::timeout(PATIENCE, storage.recurring_changed()).await;

    assert!(woken.is_ok(), "the wake-up was lost");
}
