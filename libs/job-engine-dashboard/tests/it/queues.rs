use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use job_engine::Due;
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{AuditLog, Limit, Limited, Limits, Monitor, QueueSummary};
use job_engine_dashboard::{Access, DashboardOptions, Permission};

use crate::jobs::{Engine, new_job};
use crate::test_dashboard::{TestDashboard, read_only};

struct Scene {
    storage: Arc<MemoryStorage>,
    dashboard: TestDashboard,
}

impl Scene {
    /// One job waits in the queue `mail`.
    async fn set() -> Self {
        let engine = Engine::running().await;
        engine.enqueued("send_mail").await;
        Self {
            dashboard: TestDashboard::of(engine.storage.clone()),
            storage: engine.storage,
        }
    }

    async fn act(&self, action: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let path = format!("/hangfire/queues/actions/{action}");
        let answer = self.dashboard.submit(&path, fields).await;
        if answer.status == StatusCode::SEE_OTHER {
            let next = self.dashboard.page(answer.header("location")).await;
            return (answer.status, next);
        }
        (answer.status, answer.body)
    }

    async fn mail(&self) -> QueueSummary {
        let queues = self.storage.queues().await.expect("memory answers");
        let mail = queues.into_iter().find(|queue| queue.name == "mail");
        mail.expect("it has a job")
    }

    /// Action, target and reason of the newest entry.
    async fn last_deed(&self) -> (String, String, Option<String>) {
        let mut entries = self.storage.audit(None, 1).await.expect("memory answers");
        let deed = entries.pop().expect("something was done").deed;
        assert_eq!(deed.actor, "ada@example.org");
        (deed.action, deed.target, deed.reason)
    }
}

#[tokio::test]
async fn a_queue_is_paused_with_a_reason_and_resumed() {
    let scene = Scene::set().await;
    let pause = [("queue", "mail"), ("reason", "The provider is down")];

    let (_, page) = scene.act("pause", &pause).await;

    assert!(page.contains("Paused by ada@example.org") && page.contains("The provider is down"));
    assert!(scene.mail().await.paused.is_some());
    let why = Some("The provider is down".to_owned());
    let told = ("pause queue".to_owned(), "mail".to_owned(), why);
    assert_eq!(scene.last_deed().await, told);

    let (_, page) = scene.act("resume", &[("queue", "mail")]).await;

    assert!(page.contains("The queue goes on.") && !page.contains("Paused by"));
    assert_eq!(scene.mail().await.paused, None);
    assert_eq!(scene.last_deed().await.0, "resume queue");
}

#[tokio::test]
async fn a_queue_that_has_moved_on_is_left_as_it_is() {
    let scene = Scene::set().await;

    let (status, page) = scene.act("resume", &[("queue", "mail")]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("not paused any more. Nothing was changed."));

    let paused = scene.storage.pause_queue("mail", "bob", "A test").await;
    paused.expect("memory answers");
    let pause = [("queue", "mail"), ("reason", "Me too")];
    let (status, page) = scene.act("pause", &pause).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("bob has paused it already."));

    let entries = scene.storage.audit(None, 10).await.expect("memory answers");
    assert_eq!(entries, [], "what changed nothing is not written down");
}

#[tokio::test]
async fn nothing_is_paused_without_a_reason() {
    let scene = Scene::set().await;

    let (status, _) = scene
        .act("pause", &[("queue", "mail"), ("reason", "  ")])
        .await;

    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(scene.mail().await.paused, None);
}

#[tokio::test]
async fn a_queue_gets_a_limit_and_loses_it() {
    let scene = Scene::set().await;
    let fields = [
        ("queue", "mail"),
        ("seen", "none"),
        ("at_once", "2"),
        ("rate", "100"),
        ("period", "minute"),
    ];

    let (_, page) = scene.act("limit", &fields).await;

    assert!(page.contains("Over all servers together: 2 at once, 100 a minute."));
    let limit = Limit::at_once(2).and_per(Duration::from_mins(1), 100);
    assert_eq!(scene.mail().await.limit, Some(limit));
    let said = Some("2 at once, 100 a minute".to_owned());
    assert_eq!(scene.last_deed().await.2, said);
    let list = scene.dashboard.page("/hangfire/queues").await;
    assert!(list.contains(" of 2"));

    let (status, _) = scene
        .act("unlimit", &[("queue", "mail"), ("seen", "7~0~0")])
        .await;
    assert_eq!(
        status,
        StatusCode::CONFLICT,
        "the page showed another limit"
    );
    let seen = [("queue", "mail"), ("seen", "2~100~60000")];
    scene.act("unlimit", &seen).await;
    assert_eq!(scene.mail().await.limit, None);
    assert_eq!(scene.last_deed().await.0, "remove limit of queue");
}

#[tokio::test]
async fn a_limit_that_makes_no_sense_is_explained() {
    let scene = Scene::set().await;

    for (at_once, rate, period, words) in [
        ("", "", "minute", "a limit limits nothing"),
        ("0", "", "minute", "a limit allows 1 to 10000 jobs"),
        ("many", "", "minute", "“many” is no number of jobs"),
        ("", "5", "fortnight", "choose a period"),
    ] {
        let fields = [
            ("queue", "mail"),
            ("at_once", at_once),
            ("rate", rate),
            ("period", period),
        ];
        let (status, page) = scene.act("limit", &fields).await;

        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(page.contains(words), "{words}");
    }
    assert_eq!(scene.mail().await.limit, None);
}

#[tokio::test]
async fn a_key_gets_a_limit_and_loses_it() {
    let scene = Scene::set().await;
    let fields = [("key", " exports "), ("at_once", "3"), ("period", "hour")];

    let (_, page) = scene.act("limit", &fields).await;

    assert!(page.contains("exports") && page.contains("3 at once"));
    let limits = scene.storage.limits().await.expect("memory answers");
    let of = Limited::Key("exports".to_owned());
    assert_eq!(limits, [(of, Limit::at_once(3))]);

    let seen = [("key", "exports"), ("seen", "3~0~0")];
    scene.act("unlimit", &seen).await;
    assert_eq!(scene.storage.limits().await.expect("memory answers"), []);
    assert_eq!(scene.last_deed().await.1, "exports");
}

#[tokio::test]
async fn whatever_a_queue_is_called_it_has_a_page() {
    let engine = Engine::running().await;
    let mut job = new_job("send_mail", Due::Now);
    job.queue = "a&b=c d/é".to_owned();
    engine.add(job).await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard
        .page("/hangfire/queues/a%26b%3Dc%20d%2F%C3%A9")
        .await;

    assert!(page.contains("a&amp;b=c d/é"));
    assert!(page.contains("No running server takes jobs from this queue."));
    assert_eq!(
        dashboard.get("/hangfire/queues/nowhere").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_ended_in_the_last_hour_is_counted() {
    let engine = Engine::running().await;
    engine.succeeded("send_mail").await;
    engine.succeeded("send_mail").await;
    engine.failed("send_mail").await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard.page("/hangfire/queues/mail").await;

    assert!(page.contains("<dt>Done in the last hour</dt><dd>2</dd>"));
    assert!(page.contains("<dt>Given up in the last hour</dt><dd>1</dd>"));
}

#[tokio::test]
async fn only_who_may_manage_queues_changes_them() {
    let engine = Engine::running().await;
    engine.enqueued("send_mail").await;
    let requeuer = Access::Limited {
        actor: "bob@example.org".to_owned(),
        may: vec![Permission::Requeue],
    };

    for access in [read_only(), requeuer] {
        let storage = engine.storage.clone();
        let dashboard = TestDashboard::with(storage, access, DashboardOptions::default());
        let page = dashboard.page("/hangfire/queues/mail").await;
        assert!(!page.contains("queues/actions"));
        for action in ["pause", "resume", "limit", "unlimit"] {
            let path = format!("/hangfire/queues/actions/{action}");
            let fields = [("queue", "mail"), ("reason", "Why not"), ("at_once", "1")];
            let answer = dashboard.submit(&path, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{action}");
        }
    }
}
