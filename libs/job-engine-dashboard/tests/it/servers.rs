use http::StatusCode;
use job_engine::Storage;
use job_engine::storage::{AuditLog, Heartbeat, ServerOrder};
use job_engine_dashboard::DashboardOptions;

use crate::jobs::Engine;
use crate::test_dashboard::{Answer, TestDashboard, read_only};

struct Scene {
    engine: Engine,
    dashboard: TestDashboard,
}

impl Scene {
    /// One server runs.
    async fn set() -> Self {
        let engine = Engine::running().await;
        Self {
            dashboard: TestDashboard::of(engine.storage.clone()),
            engine,
        }
    }

    async fn act(&self, action: &str, sure: bool) -> Answer {
        let server = self.engine.server.to_string();
        let fields = [("server", server.as_str()), ("sure", "yes")];
        let fields = &fields[..=usize::from(sure)];
        let path = format!("/hangfire/servers/actions/{action}");
        self.dashboard.submit(&path, fields).await
    }

    async fn order(&self) -> Option<ServerOrder> {
        let heartbeat = self.engine.storage.heartbeat(self.engine.server, &[]).await;
        match heartbeat.expect("memory answers") {
            Heartbeat::Alive { order, .. } => order,
            Heartbeat::Gone => panic!("the server is there"),
        }
    }

    async fn deeds(&self) -> Vec<String> {
        let entries = self.engine.storage.audit(None, 10).await;
        let entries = entries.expect("memory answers").into_iter();
        entries.map(|entry| entry.deed.action).collect()
    }
}

#[tokio::test]
async fn a_server_is_made_quiet_and_works_again() {
    let scene = Scene::set().await;

    let answer = scene.act("quiet", false).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.order().await, Some(ServerOrder::Quiet));
    let page = scene.dashboard.page("/hangfire/servers").await;
    assert!(page.contains("The server takes no more jobs") && page.contains("Quiet</span>"));
    assert!(page.contains("/servers/actions/work") && !page.contains("/servers/actions/quiet"));

    let again = scene.act("quiet", false).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    scene.act("work", false).await;
    assert_eq!(scene.order().await, None);
    assert_eq!(scene.deeds().await, ["work again server", "quiet server"]);
}

#[tokio::test]
async fn a_server_is_stopped_by_who_is_sure() {
    let scene = Scene::set().await;

    let asked = scene.act("stop", false).await;
    assert!(asked.body.contains("Stop web-1:4711?"));
    assert_eq!(scene.order().await, None);

    let answer = scene.act("stop", true).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.order().await, Some(ServerOrder::Stop));
    let page = scene.dashboard.page("/hangfire/servers").await;
    assert!(page.contains("Stops</span>") && !page.contains("/servers/actions/"));
    assert_eq!(scene.act("work", false).await.status, StatusCode::CONFLICT);
    assert_eq!(scene.deeds().await, ["stop server"]);
}

#[tokio::test]
async fn a_server_that_is_gone_is_not_told_anything() {
    let scene = Scene::set().await;
    let storage = &scene.engine.storage;
    storage
        .retire(scene.engine.server)
        .await
        .expect("memory answers");

    let answer = scene.act("stop", true).await;

    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("not running any more"));
    assert_eq!(scene.deeds().await, [""; 0]);
}

#[tokio::test]
async fn who_may_only_look_stops_no_server() {
    let mut scene = Scene::set().await;
    let storage = scene.engine.storage.clone();
    scene.dashboard = TestDashboard::with(storage, read_only(), DashboardOptions::default());

    let page = scene.dashboard.page("/hangfire/servers").await;
    assert!(!page.contains("/servers/actions/"));
    for action in ["quiet", "work", "stop"] {
        assert_eq!(scene.act(action, true).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(scene.order().await, None);
}

#[tokio::test]
async fn kinds_are_compared_by_how_their_jobs_ended() {
    let engine = Engine::running().await;
    for _ in 0..3 {
        engine.succeeded("send_mail").await;
    }
    engine.failed("send_mail").await;
    engine.failed("print_page").await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard.page("/hangfire/kinds").await;

    assert!(page.contains("25 %") && page.contains("100 %"));
    assert!(page.contains(">1.2 s<"), "it took 1234 ms");
    let empty = TestDashboard::of(Engine::running().await.storage);
    assert!(
        empty
            .page("/hangfire/kinds")
            .await
            .contains("nothing is known yet")
    );
}
