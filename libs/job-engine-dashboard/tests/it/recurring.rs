use std::sync::Arc;

use http::StatusCode;
use job_engine::recurring::{RecurringJob, RecurringJobs, Schedule};
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{RecurringRecord, RecurringStorage, RunCause};
use job_engine::{Client, NewJob};
use job_engine_dashboard::DashboardOptions;

use crate::test_dashboard::{TestDashboard, between, read_only};

struct Scene {
    storage: Arc<MemoryStorage>,
    dashboard: TestDashboard,
}

impl Scene {
    /// `sweep-the-yard` every night in Berlin.
    async fn set() -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let scene = Self {
            dashboard: TestDashboard::of(storage.clone()),
            storage,
        };
        scene.add("sweep-the-yard", "sweep").await;
        scene
    }

    fn recurring(&self) -> RecurringJobs {
        Client::new(self.storage.clone()).recurring()
    }

    async fn add(&self, id: &str, kind: &str) {
        let schedule = Schedule::parse("30 2 * * *", "Europe/Berlin").expect("it is a schedule");
        let job = RecurringJob::enqueuing(id, NewJob::of_kind(kind, "{}"), schedule);
        let added = self.recurring().add_or_update(&job).await;
        added.expect("it is added");
    }

    async fn act(&self, action: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let path = format!("/hangfire/recurring/{action}/sweep-the-yard");
        let answer = self.dashboard.submit(&path, fields).await;
        if answer.status == StatusCode::SEE_OTHER {
            let next = self.dashboard.page(answer.header("location")).await;
            return (answer.status, next);
        }
        (answer.status, answer.body)
    }

    async fn record(&self) -> RecurringRecord {
        let record = self.storage.recurring_job("sweep-the-yard").await;
        record.expect("memory answers").expect("it is there")
    }

    async fn page(&self) -> String {
        self.dashboard
            .page("/hangfire/recurring/sweep-the-yard")
            .await
    }
}

#[tokio::test]
async fn the_list_tells_schedules_in_words_and_the_last_run() {
    let scene = Scene::set().await;
    scene.add("feed-the-cat", "feed").await;
    let run = scene.recurring().run_now("sweep-the-yard", "Guests").await;
    let job = run.expect("it runs").expect("it is there");

    let page = scene.dashboard.page("/hangfire/recurring").await;

    assert!(page.contains(r#"href="/hangfire/recurring/sweep-the-yard""#));
    assert!(page.contains("At 02:30"));
    assert!(page.contains("Europe/Berlin"));
    assert!(page.contains(&format!(r#"href="/hangfire/jobs/details/{job}""#)));
    assert!(page.contains("Never"), "the other one has not run");
}

#[tokio::test]
async fn the_list_is_searched_by_id_and_kind() {
    let scene = Scene::set().await;
    scene.add("feed-the-cat", "feed").await;

    let cats = scene.dashboard.page("/hangfire/recurring?q=the-cat").await;
    let sweeps = scene.dashboard.page("/hangfire/recurring?q=sweep").await;
    let none = scene.dashboard.page("/hangfire/recurring?q=dog").await;

    assert!(cats.contains("feed-the-cat") && !cats.contains("sweep-the-yard"));
    assert!(sweeps.contains("sweep-the-yard") && !sweeps.contains("feed-the-cat"));
    assert!(none.contains("No recurring job has “dog” in its id or its kind."));
}

#[tokio::test]
async fn a_long_list_has_pages() {
    let scene = Scene::set().await;
    for number in 0..60 {
        scene.add(&format!("job-{number:02}"), "sweep").await;
    }

    let first = scene.dashboard.page("/hangfire/recurring").await;
    let next = between(&first, r#"rel="next" href=""#, "\"").replace("&amp;", "&");
    let second = scene.dashboard.page(&next).await;

    assert!(first.contains(">job-49<") && !first.contains(">job-50<"));
    assert!(second.contains(">job-50<") && second.contains(">sweep-the-yard<"));
    assert!(!second.contains(r#"rel="next""#));
}

#[tokio::test]
async fn one_job_shows_its_next_runs_by_the_clocks_of_its_zone() {
    let scene = Scene::set().await;

    let page = scene.page().await;

    let runs = between(&page, "<ol class=\"next-runs\">", "</ol>");
    assert_eq!(runs.matches("<li>").count(), 5);
    assert_eq!(runs.matches(" 02:30:00 CE").count(), 5, "{runs}");
    assert!(page.contains("It has not run yet."));
}

#[tokio::test]
async fn a_job_is_run_now_in_the_name_of_who_asked() {
    let scene = Scene::set().await;
    let before = scene.record().await.next_at;

    let (status, page) = scene.act("run", &[]).await;

    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(page.contains("A run was enqueued."));
    assert!(page.contains("Run by ada@example.org on the dashboard"));
    assert_eq!(scene.record().await.next_at, before);
    let runs = scene
        .storage
        .recurring_runs("sweep-the-yard", None, 10)
        .await;
    assert_eq!(runs.expect("memory answers")[0].cause, RunCause::RunNow);
}

#[tokio::test]
async fn the_page_of_a_job_says_which_recurring_job_it_comes_from() {
    let scene = Scene::set().await;
    let run = scene.recurring().run_now("sweep-the-yard", "Guests").await;
    let job = run.expect("it runs").expect("it is there");

    let page = scene
        .dashboard
        .page(&format!("/hangfire/jobs/details/{job}"))
        .await;

    assert!(page.contains(r#"href="/hangfire/recurring/sweep-the-yard""#));
}

#[tokio::test]
async fn a_job_is_paused_with_the_reason_and_resumed() {
    let scene = Scene::set().await;

    let (_, paused) = scene.act("pause", &[("reason", "Holidays <3")]).await;
    let record = scene.record().await;
    let (_, resumed) = scene.act("resume", &[]).await;

    let because = "Paused by ada@example.org on the dashboard: Holidays <3";
    assert_eq!(record.paused_because.as_deref(), Some(because));
    assert_eq!(record.next_at, None);
    assert!(paused.contains("Paused by ada@example.org on the dashboard: Holidays &lt;3"));
    assert!(paused.contains(">Resume</button>") && !paused.contains(">Pause</button>"));
    assert!(resumed.contains("goes on with its next occurrence"));
    assert!(scene.record().await.next_at.is_some());
}

#[tokio::test]
async fn a_new_schedule_is_previewed_before_it_counts() {
    let scene = Scene::set().await;
    let fields = [("schedule", "0 7 * * MON"), ("time_zone", "Asia/Tokyo")];

    let (status, preview) = scene.act("reschedule", &fields).await;
    let still = scene.record().await.schedule;
    let sure = [&fields[..], &[("sure", "yes")]].concat();
    let (_, changed) = scene.act("reschedule", &sure).await;

    assert_eq!(status, StatusCode::OK);
    assert!(preview.contains("At 07:00, on Monday"));
    assert_eq!(preview.matches(" 07:00:00 JST").count(), 5);
    assert_eq!(still, "30 2 * * *");
    let record = scene.record().await;
    assert_eq!(
        (record.schedule.as_str(), record.time_zone.as_str()),
        ("0 7 * * MON", "Asia/Tokyo")
    );
    assert!(changed.contains("The recurring job has its new schedule."));
    assert!(changed.contains("changed by a person since"));
}

#[tokio::test]
async fn what_is_no_schedule_is_explained_beside_what_was_typed() {
    let scene = Scene::set().await;
    let wrong = [
        ("0 25 * * *", "UTC", "`25` is no hour"),
        (
            "0 7 * * *",
            "Mars/Base",
            "the time zone `Mars/Base` is not known",
        ),
        ("@every soon", "UTC", "`soon` is no interval"),
    ];

    for (schedule, time_zone, words) in wrong {
        let fields = [
            ("schedule", schedule),
            ("time_zone", time_zone),
            ("sure", "yes"),
        ];
        let (status, page) = scene.act("reschedule", &fields).await;

        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains(words), "{page}");
        assert!(page.contains(&format!(r#"value="{schedule}""#)));
        assert_eq!(scene.record().await.schedule, "30 2 * * *");
    }
}

#[tokio::test]
async fn a_job_is_removed_when_one_is_sure() {
    let scene = Scene::set().await;

    let (_, question) = scene.act("remove", &[]).await;
    assert!(question.contains("Remove sweep-the-yard?"));
    let still = scene.record().await.id;
    let (_, list) = scene.act("remove", &[("sure", "yes")]).await;

    assert_eq!(still, "sweep-the-yard");
    assert!(list.contains("The recurring job was removed."));
    assert!(list.contains("No job recurs."));
    let gone = scene
        .dashboard
        .get("/hangfire/recurring/sweep-the-yard")
        .await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let (status, _) = scene.act("run", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_read_is_shown_with_the_error() {
    let scene = Scene::set().await;
    let broken = RecurringRecord {
        time_zone: "Mars/Base".to_owned(),
        error: Some("the time zone `Mars/Base` is not known".to_owned()),
        ..scene.record().await
    };
    assert!(
        scene
            .storage
            .save_recurring(&broken)
            .await
            .expect("it is saved")
    );

    for page in [
        scene.page().await,
        scene.dashboard.page("/hangfire/recurring").await,
    ] {
        assert!(page.contains("the time zone `Mars/Base` is not known"));
        assert!(page.contains("Cannot be read"));
    }
}

#[tokio::test]
async fn a_read_only_viewer_sees_and_does_nothing() {
    let scene = Scene::set().await;
    let dashboard = TestDashboard::with(
        scene.storage.clone(),
        read_only(),
        DashboardOptions::default(),
    );

    let page = dashboard.page("/hangfire/recurring/sweep-the-yard").await;
    let path = "/hangfire/recurring/pause/sweep-the-yard";
    let refused = dashboard.submit(path, &[]).await;

    assert!(page.contains("At 02:30") && !page.contains(">Pause</button>"));
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(scene.record().await.paused_at, None);
}

#[tokio::test]
async fn a_form_without_the_token_or_of_another_site_changes_nothing() {
    let scene = Scene::set().await;
    let path = "/hangfire/recurring/remove/sweep-the-yard";
    let page = scene.page().await;
    let token = between(&page, r#"name="form-token" value=""#, "\"").to_owned();

    let same = [("sec-fetch-site", "same-origin")];
    let cross = [("sec-fetch-site", "cross-site")];
    let sure = ("sure", "yes");
    let without = scene.dashboard.post(path, &[sure], &same).await;
    let foreign = scene
        .dashboard
        .post(path, &[("form-token", &token), sure], &cross)
        .await;

    assert_eq!(without.status, StatusCode::FORBIDDEN);
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(scene.record().await.id, "sweep-the-yard");
}

#[tokio::test]
async fn addresses_that_mean_nothing_are_explained() {
    let scene = Scene::set().await;

    for (path, status) in [
        ("/hangfire/recurring/no-such", StatusCode::NOT_FOUND),
        (
            "/hangfire/recurring/sweep-the-yard?before=soon",
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let answer = scene.dashboard.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.contains("<h1"), "{path}");
    }
}
