use std::sync::Arc;

use http::StatusCode;
use job_engine::recurring::{RecurringJob, Schedule};
use job_engine::storage::Monitor;
use job_engine::storage::memory::MemoryStorage;
use job_engine::{Attempt, Client, Job, JobError, JobId, Registry};
use job_engine_dashboard::DashboardOptions;
use serde::{Deserialize, Serialize};

use crate::test_dashboard::{TestDashboard, full};

#[derive(Serialize, Deserialize)]
struct Charge {
    order: u64,
    card: String,
}

impl Job for Charge {
    const NAME: &'static str = "charge";
    const REDACTED: &'static [&'static str] = &["card"];
    type Context = ();

    async fn run(&self, (): &(), _: &Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

const CARD: &str = "4111222233334444";

struct Scene {
    storage: Arc<MemoryStorage>,
    dashboard: TestDashboard,
    job: JobId,
}

impl Scene {
    /// A charge waits, and another one recurs.
    async fn set() -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let client = Client::new(storage.clone());
        let charge = Charge {
            order: 7,
            card: CARD.to_owned(),
        };
        let job = client.enqueue(&charge).await.expect("memory answers");
        let schedule = Schedule::parse("0 3 * * *", "UTC").expect("it is a schedule");
        let nightly = RecurringJob::new("nightly", &charge, schedule).expect("it can be stored");
        let added = client.recurring().add_or_update(&nightly).await;
        added.expect("memory answers");

        let options = DashboardOptions {
            redactions: Registry::default().with::<Charge>().redactions(),
            ..DashboardOptions::default()
        };
        Self {
            dashboard: TestDashboard::with(storage.clone(), full(), options),
            storage,
            job,
        }
    }

    async fn copy(&self, arguments: &str) -> Result<String, StatusCode> {
        let path = format!("/hangfire/jobs/copies/{}", self.job);
        let fields = [("queue", "default"), ("arguments", arguments)];
        let answer = self.dashboard.submit(&path, &fields).await;
        if answer.status != StatusCode::SEE_OTHER {
            return Err(answer.status);
        }
        let id = answer.header("location").rsplit('/').next();
        let id = id
            .and_then(|id| id.parse().ok())
            .expect("it leads to the copy");
        let copy = self.storage.job(JobId(id)).await.expect("memory answers");
        Ok(copy.expect("it is there").summary.arguments)
    }
}

#[tokio::test]
async fn no_page_shows_what_a_job_redacts() {
    let scene = Scene::set().await;

    for path in [
        "/jobs/enqueued".to_owned(),
        "/jobs".to_owned(),
        format!("/jobs/details/{}", scene.job),
        format!("/jobs/details/{}/copy", scene.job),
        "/recurring/nightly".to_owned(),
    ] {
        let page = scene.dashboard.page(&format!("/hangfire{path}")).await;

        assert!(!page.contains(CARD), "{path}");
        assert!(page.contains("[redacted]"), "{path}");
    }
}

#[tokio::test]
async fn a_copy_keeps_what_was_redacted_and_not_edited() {
    let scene = Scene::set().await;

    let copied = scene.copy(r#"{"order":8,"card":"[redacted]"}"#).await;
    assert_eq!(copied, Ok(format!(r#"{{"order":8,"card":"{CARD}"}}"#)));
    let replaced = scene.copy(r#"{"order":8,"card":"5"}"#).await;
    assert_eq!(replaced.as_deref(), Ok(r#"{"order":8,"card":"5"}"#));
    let misplaced = scene.copy(r#"{"more":{"card":"[redacted]"}}"#).await;
    assert_eq!(misplaced, Err(StatusCode::BAD_REQUEST));
}
