use axum::body::Body;
use http::{Method, StatusCode};
use job_engine::storage::Monitor;
use job_engine::{JobId, State};
use job_engine_dashboard::{Access, DashboardOptions};

use crate::jobs::Engine;
use crate::test_dashboard::{TestDashboard, between};

struct Scene {
    dashboard: TestDashboard,
    storage: std::sync::Arc<job_engine::storage::memory::MemoryStorage>,
    job: JobId,
    path: String,
}

impl Scene {
    async fn set() -> Self {
        let engine = Engine::running().await;
        let job = engine.failed("send_mail").await;
        Self {
            dashboard: TestDashboard::of(engine.storage.clone()),
            storage: engine.storage,
            job,
            path: format!("/hangfire/jobs/actions/requeue/{job}"),
        }
    }

    async fn token(&self) -> String {
        let page = self.dashboard.page("/hangfire").await;
        between(&page, r#"name="form-token" value=""#, "\"").to_owned()
    }

    async fn send(&self, token: &str, headers: &[(&str, &str)]) -> StatusCode {
        let fields = [("form-token", token)];
        self.dashboard
            .post(&self.path, &fields, headers)
            .await
            .status
    }

    async fn is_untouched(&self) -> bool {
        let job = self.storage.job(self.job).await.expect("memory answers");
        job.expect("the job is there").summary.state == State::Failed
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_even_with_the_right_token() {
    let scene = Scene::set().await;
    let token = scene.token().await;

    for headers in [
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("origin", "https://evil.example")],
        [("origin", "null")],
    ] {
        let status = scene.send(&token, &headers).await;

        assert_eq!(status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(scene.is_untouched().await, "{headers:?}");
    }
}

#[tokio::test]
async fn a_form_without_the_right_token_is_refused() {
    let scene = Scene::set().await;
    let token = scene.token().await;
    let same_site = [("sec-fetch-site", "same-origin")];

    for wrong in ["", "00", &token[2..], &"0".repeat(64)] {
        let status = scene.send(wrong, &same_site).await;

        assert_eq!(status, StatusCode::FORBIDDEN, "{wrong}");
    }
    scene.dashboard.forget_cookies();
    assert_eq!(scene.send(&token, &same_site).await, StatusCode::FORBIDDEN);
    assert!(scene.is_untouched().await);
}

#[tokio::test]
async fn one_actors_token_is_worth_nothing_in_anothers_hands() {
    let scene = Scene::set().await;
    let token = scene.token().await;
    scene.dashboard.door.becomes(Access::Full {
        actor: "mallory@example.org".to_owned(),
    });

    let status = scene.send(&token, &[]).await;

    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(scene.is_untouched().await);
}

#[tokio::test]
async fn our_own_form_is_taken_with_either_header_and_with_none() {
    for headers in [
        vec![("sec-fetch-site", "same-origin")],
        vec![("origin", "http://jobs.example.org")],
        vec![],
    ] {
        let scene = Scene::set().await;
        let token = scene.token().await;

        let status = scene.send(&token, &headers).await;

        assert_eq!(status, StatusCode::SEE_OTHER, "{headers:?}");
        assert!(!scene.is_untouched().await, "{headers:?}");
    }
}

#[tokio::test]
async fn every_form_needs_the_token() {
    let scene = Scene::set().await;
    for path in [
        "/hangfire/jobs/actions/requeue",
        "/hangfire/jobs/actions/trigger",
        "/hangfire/jobs/actions/delete",
        "/hangfire/theme",
    ] {
        let fields = [("theme", "dark"), ("jobs", &*scene.job.to_string())];
        let answer = scene.dashboard.post(path, &fields, &[]).await;

        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.body.contains("This form has expired"), "{path}");
    }
}

#[tokio::test]
async fn json_and_plain_text_are_no_forms() {
    let scene = Scene::set().await;
    for media_type in ["application/json", "text/plain", "multipart/form-data"] {
        let headers = [("content-type", media_type)];
        let answer = scene
            .dashboard
            .send(Method::POST, &scene.path, Body::from("{}"), &headers)
            .await;

        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    assert!(scene.is_untouched().await);
}

#[tokio::test]
async fn processes_with_one_key_take_each_others_forms() {
    let engine = Engine::running().await;
    let job = engine.failed("send_mail").await;
    let options = DashboardOptions {
        form_key: [7; 32],
        ..DashboardOptions::default()
    };
    let full = crate::test_dashboard::full;
    let one = TestDashboard::with(engine.storage.clone(), full(), options.clone());
    let mut other = TestDashboard::with(engine.storage.clone(), full(), options);
    let page = one.page("/hangfire").await;
    let token = between(&page, r#"name="form-token" value=""#, "\"");
    other.take_cookies_of(&one);

    let path = format!("/hangfire/jobs/actions/requeue/{job}");
    let answer = other.post(&path, &[("form-token", token)], &[]).await;

    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}
