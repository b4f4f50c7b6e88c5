use std::sync::Arc;

use http::StatusCode;
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{AuditLog, JobDetails, Monitor};
use job_engine::{JobId, State, Storage};
use job_engine_dashboard::DashboardOptions;

use crate::jobs::Engine;
use crate::test_dashboard::{TestDashboard, between, read_only};

async fn job(storage: &Arc<MemoryStorage>, id: JobId) -> JobDetails {
    let job = storage.job(id).await.expect("memory answers");
    job.expect("the job is there")
}

async fn state(storage: &Arc<MemoryStorage>, id: JobId) -> State {
    job(storage, id).await.summary.state
}

/// The job as a form names it, with the change after which it was seen.
async fn seen(storage: &Arc<MemoryStorage>, id: JobId) -> String {
    let changed_at = job(storage, id).await.summary.changed_at;
    format!("{id}~{}", changed_at.as_nanosecond())
}

#[tokio::test]
async fn a_failed_job_is_requeued_in_the_name_of_who_did_it() {
    let engine = Engine::running().await;
    let id = engine.failed("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    let path = format!("/hangfire/jobs/actions/requeue/{id}");
    let answer = dashboard.submit(&path, &[]).await;

    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answer.header("location"),
        format!("/hangfire/jobs/details/{id}")
    );
    let job = job(&storage, id).await;
    assert_eq!(job.summary.state, State::Enqueued);
    assert_eq!(job.summary.queue, "mail", "it keeps its queue");
    assert_eq!(
        job.summary.reason.as_deref(),
        Some("Requeued by ada@example.org on the dashboard")
    );
    let page = dashboard.page(answer.header("location")).await;
    assert!(page.contains("The job was requeued."));
    let again = dashboard.page(answer.header("location")).await;
    assert!(!again.contains("The job was requeued."), "told once");
}

#[tokio::test]
async fn the_reason_for_an_action_is_kept_with_the_job_and_in_the_audit_log() {
    let engine = Engine::running().await;
    let id = engine.failed("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    let path = format!("/hangfire/jobs/actions/requeue/{id}");
    dashboard
        .submit(&path, &[("reason", "the host is back")])
        .await;

    let reason = job(&storage, id).await.summary.reason;
    assert!(reason.is_some_and(|reason| reason.contains("the host is back")));
    let entries = storage.audit(None, 1).await.expect("memory answers");
    let deed = &entries[0].deed;
    assert_eq!(deed.reason.as_deref(), Some("the host is back"));
    assert_eq!(deed.jobs, 1);
}

#[tokio::test]
async fn a_scheduled_job_is_triggered_now() {
    let engine = Engine::running().await;
    let id = engine.scheduled("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    let path = format!("/hangfire/jobs/actions/trigger/{id}");
    dashboard.submit(&path, &[]).await;

    assert_eq!(state(&storage, id).await, State::Enqueued);
}

#[tokio::test]
async fn one_job_is_deleted_at_once() {
    let engine = Engine::running().await;
    let id = engine.processing("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    let path = format!("/hangfire/jobs/actions/delete/{id}");
    dashboard.submit(&path, &[]).await;

    assert_eq!(state(&storage, id).await, State::Deleted);
}

#[tokio::test]
async fn ticked_jobs_are_requeued_together() {
    let engine = Engine::running().await;
    let first = engine.failed("send_mail").await;
    let second = engine.failed("send_mail").await;
    let left = engine.failed("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    let fields = [
        ("jobs", &*seen(&storage, first).await),
        ("jobs", &*seen(&storage, second).await),
        ("back", "/jobs/failed?queue=mail"),
    ];
    let answer = dashboard
        .submit("/hangfire/jobs/actions/requeue", &fields)
        .await;

    assert_eq!(
        answer.header("location"),
        "/hangfire/jobs/failed?queue=mail"
    );
    assert_eq!(state(&storage, first).await, State::Enqueued);
    assert_eq!(state(&storage, second).await, State::Enqueued);
    assert_eq!(state(&storage, left).await, State::Failed);
    let page = dashboard.page("/hangfire/jobs/failed").await;
    assert!(page.contains("2 jobs were requeued."));
}

#[tokio::test]
async fn many_jobs_are_deleted_only_when_one_is_sure() {
    let engine = Engine::running().await;
    let first = engine.failed("send_mail").await;
    let second = engine.failed("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());
    let (first_seen, second_seen) = (seen(&storage, first).await, seen(&storage, second).await);
    let ticked = [("jobs", &*first_seen), ("jobs", &*second_seen)];

    let asked = dashboard
        .submit("/hangfire/jobs/actions/delete", &ticked)
        .await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.body.contains("Delete 2 jobs?"));
    assert_eq!(state(&storage, first).await, State::Failed);

    let sure = [ticked[0], ticked[1], ("sure", "yes")];
    dashboard
        .submit("/hangfire/jobs/actions/delete", &sure)
        .await;
    assert_eq!(state(&storage, first).await, State::Deleted);
    assert_eq!(state(&storage, second).await, State::Deleted);
}

#[tokio::test]
async fn a_job_that_has_moved_on_is_left_alone() {
    let engine = Engine::running().await;
    let id = engine.failed("send_mail").await;
    let as_failed = seen(&engine.storage, id).await;
    let requeue = job_engine::storage::Command::Requeue;
    let requeued = engine.storage.command(id, requeue, "By another").await;
    requeued.expect("memory answers");
    engine.claim("send_mail").await;
    let running = job(&engine.storage, id).await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    let fields = [("jobs", &*as_failed), ("back", "/jobs/failed")];
    dashboard
        .submit("/hangfire/jobs/actions/requeue", &fields)
        .await;

    assert_eq!(job(&storage, id).await, running);
    let page = dashboard.page("/hangfire/jobs/failed").await;
    assert!(page.contains(
        "Nothing was changed. One job has moved on: it is Processing now, and was left as it is."
    ));
}

#[tokio::test]
async fn an_action_that_does_not_apply_changes_nothing() {
    let engine = Engine::running().await;
    let id = engine.enqueued("send_mail").await;
    let storage = engine.storage;
    let before = job(&storage, id).await;
    let dashboard = TestDashboard::of(storage.clone());

    for action in ["requeue", "trigger"] {
        let path = format!("/hangfire/jobs/actions/{action}/{id}");
        let answer = dashboard.submit(&path, &[]).await;

        let page = dashboard.page(answer.header("location")).await;
        assert!(page.contains("Nothing was changed."), "{action}");
        assert_eq!(job(&storage, id).await, before, "{action}");
    }
}

#[tokio::test]
async fn a_job_that_is_gone_is_told() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);
    let gone = JobId::random().to_string();

    let fields = [("jobs", &*gone), ("back", "/jobs/failed")];
    dashboard
        .submit("/hangfire/jobs/actions/requeue", &fields)
        .await;

    let page = dashboard.page("/hangfire/jobs/failed").await;
    assert!(page.contains("One job does not exist any more."));
}

#[tokio::test]
async fn nothing_ticked_is_told() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);

    dashboard
        .submit("/hangfire/jobs/actions/delete", &[("back", "/retries")])
        .await;

    let page = dashboard.page("/hangfire/retries").await;
    assert!(page.contains("Nothing was changed: no job was ticked."));
}

#[tokio::test]
async fn what_a_form_may_name_is_bounded() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);
    let id = JobId::random().to_string();
    let too_many = vec![("jobs", &*id); 1001];

    for (fields, status) in [
        (too_many, StatusCode::BAD_REQUEST),
        (vec![("jobs", "nonsense")], StatusCode::BAD_REQUEST),
    ] {
        let answer = dashboard
            .submit("/hangfire/jobs/actions/requeue", &fields)
            .await;

        assert_eq!(answer.status, status);
        assert!(answer.body.contains("Nothing was changed."));
    }
    let answer = dashboard
        .submit("/hangfire/jobs/actions/explode", &[("jobs", &*id)])
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_too_large_to_read_is_refused() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);
    let large = "x".repeat(300 * 1024);

    let answer = dashboard
        .submit("/hangfire/jobs/actions/requeue", &[("jobs", &*large)])
        .await;

    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_read_only_viewer_is_refused() {
    let engine = Engine::running().await;
    let id = engine.failed("send_mail").await;
    let storage = engine.storage;
    let before = job(&storage, id).await;
    let options = DashboardOptions::default();
    let dashboard = TestDashboard::with(storage.clone(), read_only(), options);
    let id_text = id.to_string();

    for action in ["requeue", "trigger", "delete"] {
        let one = format!("/hangfire/jobs/actions/{action}/{id}");
        let many = format!("/hangfire/jobs/actions/{action}");
        for path in [one, many] {
            let answer = dashboard.submit(&path, &[("jobs", &*id_text)]).await;

            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    assert_eq!(job(&storage, id).await, before);
}

#[tokio::test]
async fn a_form_returns_to_pages_of_ours_alone() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);

    for elsewhere in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/a\r\nset-cookie: x=y",
        "evil",
        "",
    ] {
        let answer = dashboard
            .submit("/hangfire/jobs/actions/requeue", &[("back", elsewhere)])
            .await;

        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{elsewhere}");
        assert_eq!(answer.header("location"), "/hangfire", "{elsewhere}");
    }
}

#[tokio::test]
async fn the_pages_own_forms_work() {
    let engine = Engine::running().await;
    let id = engine.failed("send_mail").await;
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    let page = dashboard.page("/hangfire/jobs/failed").await;
    let ticked = between(&page, "name=\"jobs\" value=\"", "\"");
    let path = format!("/hangfire/jobs/actions/requeue/{id}");
    assert!(page.contains(&format!("formaction=\"{path}\"")));
    let row_seen = between(&page, "name=\"seen\" ", ">");
    let row_seen = between(row_seen, "value=\"", "\"");
    assert_eq!(ticked, format!("{id}~{row_seen}"));

    dashboard.submit(&path, &[("seen", row_seen)]).await;
    assert_eq!(state(&storage, id).await, State::Enqueued);
}

#[tokio::test]
async fn jobs_of_different_states_can_be_ticked_among_all_that_a_search_finds() {
    let engine = Engine::running().await;
    let failed = engine.failed("send_mail").await;
    let scheduled = engine.scheduled("send_mail").await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard.page("/hangfire/jobs?q=kind:send_mail").await;

    assert!(page.contains("formaction=\"/hangfire/jobs/actions/requeue\""));
    assert_eq!(page.matches("<td class=\"tick\"").count(), 2);
    for (action, job, is_offered) in [
        ("requeue", failed, true),
        ("trigger", failed, false),
        ("requeue", scheduled, false),
        ("trigger", scheduled, true),
    ] {
        let button = format!("formaction=\"/hangfire/jobs/actions/{action}/{job}\"");
        assert_eq!(page.contains(&button), is_offered, "{action} {job}");
    }
}
