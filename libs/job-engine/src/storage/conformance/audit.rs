//! What people order, and what is written down of it.

use std::time::Duration;

use tokio::task::JoinSet;

use super::stage::{Stage, job};
use super::wake_ups::wake_ups;
use crate::recurring::{RecurringJob, Schedule};
use crate::storage::{
    Advance, CarriedOut, Command, Deed, JobQuery, Limit, Limited, NewOperation, OperationId,
    OperationStatus, Order, QueueSummary, RecurringRecord, SeenLimit, ServerId, ServerOrder,
    SharedStorage,
};

pub async fn an_ordered_job_is_stored_and_written_down(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let new = job();
    let id = new.id;

    carried_out(&storage, &Order::Enqueue(new)).await;

    assert_eq!(stage.details(id).await.summary.id, id);
}

pub async fn orders_to_queues_are_carried_out_and_written_down(storage: SharedStorage) {
    let queue = || "default".to_owned();
    let of = Limited::Queue(queue());
    let limit = Limit::at_once(3);
    let pause = Order::PauseQueue {
        queue: queue(),
        by: "ada".to_owned(),
        reason: "rain".to_owned(),
    };

    carried_out(&storage, &pause).await;
    let again = storage.carry_out(&pause, &deed("again")).await;
    assert_eq!(again.expect("it is answered"), CarriedOut::Nothing);
    carried_out(&storage, &set_limit(&of, limit, SeenLimit::Unseen)).await;
    let held = queue_named(&storage, "default").await;
    assert!(held.paused.is_some_and(|pause| pause.by == "ada"));
    assert_eq!(held.limit, Some(limit));

    carried_out(&storage, &Order::ResumeQueue { queue: queue() }).await;
    let seen = SeenLimit::Limited(limit);
    carried_out(&storage, &Order::RemoveLimit { of, seen }).await;
    let queues = storage.queues().await.expect("they are read");
    let is_held = |queue: &QueueSummary| queue.paused.is_some() || queue.limit.is_some();
    assert!(!queues.iter().any(is_held), "{queues:?}");
}

pub async fn a_limit_that_was_changed_meanwhile_is_left_as_it_is(storage: SharedStorage) {
    let of = Limited::Key("exports".to_owned());
    let (first, second) = (Limit::at_once(1), Limit::at_once(2));
    carried_out(&storage, &set_limit(&of, first, SeenLimit::Unlimited)).await;

    for late in [SeenLimit::Unlimited, SeenLimit::Limited(second)] {
        let remove = Order::RemoveLimit {
            of: of.clone(),
            seen: late,
        };
        for order in [set_limit(&of, second, late), remove] {
            let changed = storage.carry_out(&order, &deed("late")).await;
            assert_eq!(changed.expect("it is answered"), CarriedOut::Nothing);
        }
    }

    let limits = storage.limits().await.expect("they are read");
    assert_eq!(limits, [(of.clone(), first)]);
    assert_eq!(written_down(&storage).await, ["done"]);
    carried_out(&storage, &set_limit(&of, second, SeenLimit::Limited(first))).await;
}

pub async fn of_those_who_saw_the_same_limit_one_alone_changes_it(storage: SharedStorage) {
    let of = Limited::Queue("default".to_owned());
    let mut at_once = JoinSet::new();

    for jobs in 1..=8 {
        let order = set_limit(&of, Limit::at_once(jobs), SeenLimit::Unlimited);
        let storage = storage.clone();
        at_once.spawn(async move { storage.carry_out(&order, &deed("set")).await });
    }

    let changed = at_once.join_all().await.into_iter();
    let changed = changed.map(|it| it.expect("it is answered"));
    assert_eq!(changed.filter(CarriedOut::is_done).count(), 1);
    assert_eq!(written_down(&storage).await, ["set"]);
}

pub async fn orders_to_servers_are_carried_out_and_written_down(storage: SharedStorage) {
    let server = Stage::of(&storage).server().await;

    for order in [Some(ServerOrder::Quiet), None] {
        carried_out(&storage, &Order::OrderServer { server, order }).await;

        let servers = storage.servers().await.expect("they are read");
        assert_eq!(servers[0].order, order);
    }
}

pub async fn an_ordered_operation_begins_and_stops_and_is_written_down(storage: SharedStorage) {
    let operation = operation();
    let id = operation.id;

    for (order, status) in [
        (Order::BeginOperation(operation), OperationStatus::Running),
        (Order::StopOperation(id), OperationStatus::Stopped),
    ] {
        carried_out(&storage, &order).await;

        let found = storage.operation(id).await.expect("it is read");
        assert_eq!(found.map(|operation| operation.status), Some(status));
    }
}

pub async fn orders_to_recurring_jobs_are_carried_out_and_written_down(storage: SharedStorage) {
    recur(&storage).await;

    let paused = RecurringRecord {
        paused_because: Some("rain".to_owned()),
        ..record(&storage).await
    };
    carried_out(&storage, &Order::SaveRecurring(paused)).await;
    let paused = record(&storage).await;
    assert_eq!(paused.paused_because.as_deref(), Some("rain"));

    let advance = Advance {
        id: paused.id,
        revision: paused.revision,
        next_at: None,
        look_at: None,
        error: Some("looked at".to_owned()),
        runs: Vec::new(),
    };
    carried_out(&storage, &Order::AdvanceRecurring(advance)).await;
    let advanced = record(&storage).await;
    assert_eq!(advanced.error.as_deref(), Some("looked at"));

    let id = advanced.id;
    carried_out(&storage, &Order::RemoveRecurring { id }).await;
    let found = storage.recurring_job("nightly").await;
    assert_eq!(found.expect("it is looked for"), None);
}

pub async fn an_order_that_changes_nothing_is_not_written_down(storage: SharedStorage) {
    recur(&storage).await;
    let mut late = record(&storage).await;
    late.revision += 1;
    let queue = "default".to_owned();
    let of = Limited::Queue(queue.clone());
    let orders = [
        Order::ResumeQueue { queue },
        Order::RemoveLimit {
            of,
            seen: SeenLimit::Unseen,
        },
        Order::OrderServer {
            server: ServerId::random(),
            order: Some(ServerOrder::Stop),
        },
        Order::StopOperation(OperationId::random()),
        Order::SaveRecurring(late),
        Order::RemoveRecurring {
            id: "weekly".to_owned(),
        },
    ];

    for order in &orders {
        let changed = storage.carry_out(order, &deed("nothing")).await;
        assert_eq!(changed.expect("it is answered"), CarriedOut::Nothing);
    }

    assert_eq!(written_down(&storage).await, Vec::<String>::new());
}

pub async fn an_order_that_fails_is_not_written_down(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let known = job();
    stage.enqueue(known.clone()).await;

    let again = storage
        .carry_out(&Order::Enqueue(known), &deed("again"))
        .await;

    assert!(again.is_err());
    assert_eq!(written_down(&storage).await, Vec::<String>::new());
}

pub async fn a_resumed_queue_wakes_who_waits_for_it(storage: SharedStorage) {
    let pause = storage.pause_queue("default", "ada", "rain").await;
    pause.expect("it is paused");
    let seen = wake_ups(&storage).await;
    let waiting = tokio::spawn({
        let storage = storage.clone();
        async move { storage.job_enqueued(seen).await }
    });
    let order = Order::ResumeQueue {
        queue: "default".to_owned(),
    };

    carried_out(&storage, &order).await;

    let woken = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    woken.expect("it is woken").expect("it ends");
}

pub async fn what_was_done_is_read_newest_first(storage: SharedStorage) {
    for number in 0..5 {
        let deed = Deed {
            actor: "ada \u{0}".to_owned(),
            action: "requeue".to_owned(),
            target: format!("job {number}"),
            reason: (number % 2 == 0).then(|| "why not".to_owned()),
            jobs: number,
        };
        storage.record(&deed).await.expect("it is written down");
    }

    let first = storage.audit(None, 3).await.expect("it is read");
    let rest = storage
        .audit(first.last().map(|entry| entry.number), 3)
        .await;

    let rest = rest.expect("it is read");
    let targets: Vec<&str> = first
        .iter()
        .chain(&rest)
        .map(|entry| entry.deed.target.as_str())
        .collect();
    assert_eq!(targets, ["job 4", "job 3", "job 2", "job 1", "job 0"]);
    assert_eq!(first[0].deed.reason.as_deref(), Some("why not"));
    assert_eq!(
        (first[1].deed.reason.as_ref(), first[1].deed.jobs),
        (None, 3)
    );
    assert!(first[0].at >= rest[0].at);
}

/// Asserts that it changes something, and leaves one entry.
async fn carried_out(storage: &SharedStorage, order: &Order) {
    let before = written_down(storage).await.len();

    let changed = storage.carry_out(order, &deed("done")).await;

    assert!(changed.expect("it is answered").is_done(), "{order:?}");
    let after = written_down(storage).await;
    assert_eq!(after.len(), before + 1, "{order:?}");
    assert_eq!(after[0], "done");
}

fn set_limit(of: &Limited, limit: Limit, seen: SeenLimit) -> Order {
    let of = of.clone();
    Order::SetLimit { of, limit, seen }
}

async fn queue_named(storage: &SharedStorage, name: &str) -> QueueSummary {
    let queues = storage.queues().await.expect("they are read");
    let found = queues.into_iter().find(|queue| queue.name == name);
    found.expect("it is listed")
}

/// The targets, the newest first.
async fn written_down(storage: &SharedStorage) -> Vec<String> {
    let entries = storage.audit(None, 100).await.expect("it is read");
    entries.into_iter().map(|it| it.deed.target).collect()
}

fn deed(target: &str) -> Deed {
    Deed {
        actor: "ada".to_owned(),
        action: "order".to_owned(),
        target: target.to_owned(),
        reason: None,
        jobs: 0,
    }
}

fn operation() -> NewOperation {
    NewOperation {
        id: OperationId::random(),
        command: Command::Delete,
        query: JobQuery::default(),
        words: "kind:send".to_owned(),
        actor: "ada".to_owned(),
        reason: "rain".to_owned(),
        total: 0,
    }
}

async fn recur(storage: &SharedStorage) {
    let hourly = Schedule::cron("0 * * * *").expect("it is a schedule");
    let nightly = RecurringJob::enqueuing("nightly", job(), hourly);
    let recurring = crate::Client::new(storage.clone()).recurring();
    let added = recurring.add_or_update(&nightly).await;
    added.expect("it is added");
}

async fn record(storage: &SharedStorage) -> RecurringRecord {
    let found = storage.recurring_job("nightly").await;
    found.expect("it is read").expect("it is there")
}
