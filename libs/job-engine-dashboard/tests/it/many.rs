//! Errors by groups, and what is done to all jobs of a search.

use http::StatusCode;
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{AuditLog, JobDetails, Monitor, Operations};
use job_engine::{JobId, State, Storage};
use job_engine_dashboard::{Access, DashboardOptions, Permission};

use crate::jobs::Engine;
use crate::test_dashboard::{TestDashboard, between, encode, read_only};

async fn job(storage: &MemoryStorage, id: JobId) -> JobDetails {
    let job = storage.job(id).await.expect("memory answers");
    job.expect("the job is there")
}

async fn state(storage: &MemoryStorage, id: JobId) -> State {
    job(storage, id).await.summary.state
}

#[tokio::test]
async fn failures_that_are_alike_are_one_card() {
    let engine = Engine::running().await;
    for _ in 0..3 {
        engine.failed("send_mail").await;
    }
    engine.failed("print_page").await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard.page("/hangfire/errors").await;

    assert_eq!(page.matches("<li class=\"group\"").count(), 2);
    assert!(page.contains("Requeue 3 jobs") && page.contains("Delete 1 job"));
    let link = between(&page, "<h2><a class=\"kind\" href=\"", "\"").replace("&amp;", "&");
    let list = dashboard.page(&link).await;
    assert!(list.contains(">print_page</a>") && !list.contains(">send_mail</a>"));
}

#[tokio::test]
async fn a_whole_group_is_requeued_after_one_has_said_why() {
    let engine = Engine::running().await;
    let first = engine.failed("send_mail").await;
    let second = engine.failed("send_mail").await;
    let other = engine.failed("print_page").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());
    let question = format!(
        "/hangfire/operations/new?action=requeue&q={}",
        encode("state:failed kind:send_mail")
    );

    let asked = dashboard.page(&question).await;
    assert!(asked.contains("Requeue 2 jobs?"));
    let fields = [
        ("action", "requeue"),
        ("q", "state:failed kind:send_mail"),
        ("total", "2"),
        ("reason", "The provider is back"),
    ];
    let begun = dashboard.submit("/hangfire/operations", &fields).await;
    let operation = begun.header("location").to_owned();
    assert!(dashboard.page(&operation).await.contains("0 of 2"));
    while storage
        .advance_operation(1)
        .await
        .expect("memory answers")
        .is_some()
    {}

    let over = dashboard.page(&operation).await;
    assert!(over.contains("2 of 2") && over.contains("Finished"));
    assert_eq!(state(&storage, first).await, State::Enqueued);
    assert_eq!(state(&storage, second).await, State::Enqueued);
    assert_eq!(state(&storage, other).await, State::Failed);
    let reason = job(&storage, first)
        .await
        .summary
        .reason
        .unwrap_or_default();
    assert_eq!(
        reason,
        "Requeued by ada@example.org on the dashboard: The provider is back"
    );
    let log = dashboard.page("/hangfire/audit").await;
    assert!(log.contains("The provider is back") && log.contains("state:failed kind:send_mail"));
}

#[tokio::test]
async fn nothing_begins_without_a_reason() {
    let engine = Engine::running().await;
    engine.failed("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    for reason in ["", "   "] {
        let fields = [
            ("action", "delete"),
            ("q", "state:failed"),
            ("reason", reason),
        ];
        let answer = dashboard.submit("/hangfire/operations", &fields).await;

        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.contains("Nothing was changed."));
    }
    assert_eq!(storage.operations(10).await.expect("memory answers"), []);
}

#[tokio::test]
async fn a_large_deletion_asks_for_the_number() {
    let engine = Engine::running().await;
    let storage = engine.storage.clone();
    let jobs: Vec<_> = (0..10_001)
        .map(|_| job_engine::NewJob::of_kind("send_mail", "{}"))
        .collect();
    storage.enqueue(&jobs).await.expect("memory answers");
    let dashboard = TestDashboard::of(storage.clone());

    let asked = dashboard
        .page("/hangfire/operations/new?action=delete&q=kind:send_mail")
        .await;
    assert!(asked.contains("Delete 10,001 jobs?") && asked.contains("name=\"number\""));
    for (number, begins) in [("", false), ("10000", false), ("10001", true)] {
        let fields = [
            ("action", "delete"),
            ("q", "kind:send_mail"),
            ("total", "10001"),
            ("reason", "Not needed"),
            ("number", number),
        ];
        let answer = dashboard.submit("/hangfire/operations", &fields).await;

        assert_eq!(answer.status == StatusCode::SEE_OTHER, begins, "{number}");
    }
    let unasked = [
        ("action", "delete"),
        ("q", "kind:send_mail"),
        ("reason", "Not needed"),
    ];
    let answer = dashboard.submit("/hangfire/operations", &unasked).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "nobody was asked");
    assert!(answer.body.contains("10,001 jobs match"));
    assert_eq!(
        storage.operations(10).await.expect("memory answers").len(),
        1
    );
}

#[tokio::test]
async fn an_operation_can_be_stopped() {
    let engine = Engine::running().await;
    let waiting = engine.enqueued("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());
    let fields = [
        ("action", "delete"),
        ("q", "kind:send_mail"),
        ("reason", "A mistake"),
    ];
    let begun = dashboard.submit("/hangfire/operations", &fields).await;
    let operation = begun.header("location").to_owned();

    dashboard.submit(&format!("{operation}/stop"), &[]).await;

    assert!(dashboard.page(&operation).await.contains("Stopped"));
    assert_eq!(
        storage.advance_operation(10).await.expect("memory answers"),
        None
    );
    assert_eq!(state(&storage, waiting).await, State::Enqueued);
    assert!(
        dashboard
            .page("/hangfire/operations")
            .await
            .contains("Delete 1 job")
    );
}

#[tokio::test]
async fn every_action_is_written_down_and_exported() {
    let engine = Engine::running().await;
    let failed = engine.failed("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());
    let path = format!("/hangfire/jobs/actions/requeue/{failed}");
    dashboard.submit(&path, &[]).await;
    dashboard.submit(&path, &[]).await;

    let entries = storage.audit(None, 10).await.expect("memory answers");
    assert_eq!(entries.len(), 1, "what changed nothing is not written down");
    assert_eq!(entries[0].deed.actor, "ada@example.org");
    let csv = dashboard.get("/hangfire/audit/audit.csv").await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(
        csv.body
            .contains(&format!("\"requeue\",\"{failed}\",\"1\""))
    );
    let json = dashboard.get("/hangfire/audit/audit.json").await;
    assert!(json.body.contains("\"actor\":\"ada@example.org\""));
    assert_eq!(
        dashboard.get("/hangfire/audit/audit.exe").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn who_may_only_requeue_can_neither_delete_nor_act_on_all() {
    let engine = Engine::running().await;
    let failed = engine.failed("send_mail").await;
    let storage = engine.storage;
    let access = Access::Limited {
        actor: "bob@example.org".to_owned(),
        may: vec![Permission::Requeue],
    };
    let dashboard = TestDashboard::with(storage.clone(), access, DashboardOptions::default());

    let page = dashboard.page("/hangfire/jobs/failed").await;
    assert!(page.contains("actions/requeue") && !page.contains("actions/delete"));
    assert!(!page.contains("Requeue all"));
    let fields = [
        ("action", "requeue"),
        ("q", "state:failed"),
        ("reason", "Why not"),
    ];
    for (path, fields) in [
        (
            format!("/hangfire/jobs/actions/delete/{failed}"),
            &fields[..0],
        ),
        ("/hangfire/operations".to_owned(), &fields[..]),
        (
            format!("/hangfire/jobs/copies/{failed}"),
            &[("queue", "mail"), ("arguments", "{}")],
        ),
    ] {
        let answer = dashboard.submit(&path, fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }

    let path = format!("/hangfire/jobs/actions/requeue/{failed}");
    dashboard.submit(&path, &[]).await;
    assert_eq!(state(&storage, failed).await, State::Enqueued);
}

#[tokio::test]
async fn a_read_only_viewer_sees_the_pages_without_their_buttons() {
    let engine = Engine::running().await;
    engine.failed("send_mail").await;
    let options = DashboardOptions::default();
    let dashboard = TestDashboard::with(engine.storage, read_only(), options);

    for path in ["/errors", "/operations", "/audit", "/jobs/failed"] {
        let page = dashboard.page(&format!("/hangfire{path}")).await;
        assert!(!page.contains("operations/new"), "{path}");
    }
}

#[tokio::test]
async fn a_copy_is_enqueued_with_other_arguments() {
    let engine = Engine::running().await;
    let original = engine.failed("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    let form = dashboard
        .page(&format!("/hangfire/jobs/details/{original}/copy"))
        .await;
    assert!(form.contains("12345678901234567890123"), "no digit is lost");
    let path = format!("/hangfire/jobs/copies/{original}");
    let fields = [
        ("queue", "slow"),
        ("arguments", r#"{"to":"bob","id":12345678901234567890123}"#),
    ];
    let answer = dashboard.submit(&path, &fields).await;

    let id = answer
        .header("location")
        .rsplit('/')
        .next()
        .and_then(|id| id.parse().ok());
    let copy = job(&storage, JobId(id.expect("it leads to the copy")))
        .await
        .summary;
    assert_eq!(
        (copy.kind.as_str(), copy.queue.as_str()),
        ("send_mail", "slow")
    );
    assert_eq!(copy.arguments, fields[1].1);
    assert_eq!(copy.state, State::Enqueued);
    assert_eq!(state(&storage, original).await, State::Failed);

    for wrong in ["", "{", "{\"a\":}"] {
        let fields = [("queue", "slow"), ("arguments", wrong)];
        let answer = dashboard.submit(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(storage.counts().await.expect("memory answers").enqueued, 1);
}

#[tokio::test]
async fn the_overview_draws_what_has_happened() {
    let engine = Engine::running().await;
    engine.succeeded("send_mail").await;
    engine.failed("send_mail").await;
    let dashboard = TestDashboard::of(engine.storage);

    for period in ["hour", "day", "week", "month"] {
        let page = dashboard.page(&format!("/hangfire?period={period}")).await;

        assert!(
            page.contains(&format!("In the last {period}: 1 succeeded")),
            "{period}"
        );
        assert!(
            page.contains("<rect class=\"success\"") && page.contains("<rect class=\"danger\"")
        );
    }
}
