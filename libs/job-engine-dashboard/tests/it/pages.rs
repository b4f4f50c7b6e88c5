use http::StatusCode;
use job_engine::storage::ServerAnnouncement;
use job_engine::{Due, ServerId, Storage};
use job_engine_dashboard::DashboardOptions;

use crate::jobs::{Engine, new_job};
use crate::test_dashboard::{TestDashboard, between, full, read_only};

#[tokio::test]
async fn each_list_shows_the_jobs_of_its_state_alone() {
    let engine = Engine::running().await;
    engine.succeeded("is_done").await;
    engine.failed("is_given_up").await;
    engine.retrying("is_retried").await;
    engine.processing("is_run").await;
    engine.scheduled("is_delayed").await;
    engine.enqueued("is_waiting").await;
    engine.deleted("is_taken_out").await;
    let dashboard = TestDashboard::of(engine.storage);

    for (path, shown) in [
        ("/jobs/enqueued", vec!["is_waiting"]),
        ("/jobs/scheduled", vec!["is_retried", "is_delayed"]),
        ("/retries", vec!["is_retried"]),
        ("/jobs/processing", vec!["is_run"]),
        ("/jobs/succeeded", vec!["is_done"]),
        ("/jobs/failed", vec!["is_given_up"]),
        ("/jobs/deleted", vec!["is_taken_out"]),
    ] {
        let page = dashboard.page(&format!("/hangfire{path}")).await;

        for kind in [
            "is_done",
            "is_given_up",
            "is_retried",
            "is_run",
            "is_delayed",
            "is_waiting",
            "is_taken_out",
        ] {
            let is_shown = page.contains(&format!(">{kind}</a>"));
            assert_eq!(is_shown, shown.contains(&kind), "{kind} on {path}");
        }
    }
}

#[tokio::test]
async fn the_failed_jobs_are_called_the_dead_letter_queue() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard.page("/hangfire/jobs/failed").await;

    assert!(page.contains("The dead letter queue: jobs that were given up."));
    assert!(page.contains("The dead letter queue is empty."));
}

#[tokio::test]
async fn the_overview_says_that_all_is_well() {
    let engine = Engine::running().await;
    engine.succeeded("send_mail").await;
    let dashboard = TestDashboard::of(engine.storage);

    assert!(dashboard.page("/hangfire").await.contains("All is well"));
}

#[tokio::test]
async fn the_overview_says_what_is_wrong() {
    let engine = Engine::running().await;
    for _ in 0..3 {
        engine.failed("send_mail").await;
    }
    let mut unserved = new_job("build_report", Due::Now);
    unserved.queue = "reports".to_owned();
    engine.add(unserved).await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard.page("/hangfire").await;

    assert!(page.contains("Something needs you"));
    assert!(page.contains("3 jobs were given up and wait for your decision."));
    assert!(page.contains("No server takes jobs from the queue reports: 1 job is waiting."));
    assert!(page.contains("the disk is full"), "the newest failure");
    assert!(
        page.contains("<span class=\"times\">3 jobs</span>"),
        "failures of one kind are one entry"
    );
}

#[tokio::test]
async fn a_job_shows_its_whole_life() {
    let engine = Engine::running().await;
    let id = engine.failed("send_mail").await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard
        .page(&format!("/hangfire/jobs/details/{id}"))
        .await;

    let history = between(&page, "<ol class=\"timeline\"", "</ol>");
    let places: Vec<usize> = ["Failed", "Processing", "Enqueued"]
        .iter()
        .map(|state| history.find(state).unwrap_or_else(|| panic!("no {state}")))
        .collect();
    assert!(places.is_sorted(), "newest first: {places:?}");
    assert!(history.contains("Attempt 11 of 11 failed"), "the reason");
    assert!(
        history.contains("caused by: the operating system"),
        "the details"
    );
    assert!(history.contains("std::io::Error"), "the error's type");
    assert!(history.contains("web-1:4711"), "the server");
    assert!(page.contains("Given up after 1 attempt."));
}

#[tokio::test]
async fn arguments_and_results_lose_no_digit() {
    let engine = Engine::running().await;
    let id = engine.succeeded("send_mail").await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard
        .page(&format!("/hangfire/jobs/details/{id}"))
        .await;

    let shown = |number| format!("<span class=\"json-word\">{number}</span>");
    assert!(page.contains(&shown("12345678901234567890123")));
    assert_eq!(page.matches(&shown("12345678901234567890123")).count(), 2);
}

#[tokio::test]
async fn every_attempts_error_is_kept() {
    let engine = Engine::running().await;
    let id = engine.retrying("send_mail").await;
    let command = job_engine::storage::Command::TriggerNow;
    let done = engine.storage.command(id, command, "Triggered").await;
    done.expect("memory answers");
    engine
        .fail("send_mail", crate::jobs::error("the second error"))
        .await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard
        .page(&format!("/hangfire/jobs/details/{id}"))
        .await;

    assert!(page.contains("no route to host"));
    assert!(page.contains("the second error"));
}

#[tokio::test]
async fn a_job_that_does_not_exist_says_so() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);

    for id in ["00000000-0000-0000-0000-000000000000", "nonsense"] {
        let answer = dashboard.get(&format!("/hangfire/jobs/details/{id}")).await;

        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.body.contains("There is no job with the id"));
    }
}

#[tokio::test]
async fn a_word_that_means_nothing_is_explained() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);

    for (path, status, words) in [
        (
            "/jobs/broken",
            404,
            "There is no list of jobs called “broken”",
        ),
        ("/jobs/failed?rows=7", 400, "20, 50, 100 or 500 rows"),
        ("/jobs/failed?after=x", 400, "damaged"),
        (
            "/jobs/failed?queue=nope",
            200,
            "There is no queue called “nope”",
        ),
        ("/jobs/failed?q=kind:nope", 200, "No job here matches"),
        ("/nowhere", 404, "no page at this address"),
    ] {
        let answer = dashboard.get(&format!("/hangfire{path}")).await;

        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(answer.body.contains(words), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_job_is_found_by_its_id_and_jobs_by_their_kind() {
    let engine = Engine::running().await;
    let id = engine.enqueued("send_mail").await;
    let dashboard = TestDashboard::of(engine.storage);

    let by_id = dashboard.get(&format!("/hangfire/jobs?q=%20{id}")).await;
    let by_kind = dashboard.page("/hangfire/jobs?q=kind:send_mail").await;

    assert_eq!(
        by_id.header("location"),
        format!("/hangfire/jobs/details/{id}")
    );
    assert!(by_kind.contains(&id.to_string()));
}

#[tokio::test]
async fn lists_are_narrowed_by_queue_and_kind() {
    let engine = Engine::running().await;
    engine.enqueued("send_mail").await;
    let mut other = new_job("build_report", Due::Now);
    other.queue = "reports".to_owned();
    engine.add(other).await;
    let dashboard = TestDashboard::of(engine.storage);

    for path in ["?queue=reports", "?q=kind:build_report"] {
        let page = dashboard
            .page(&format!("/hangfire/jobs/enqueued{path}"))
            .await;

        assert!(page.contains(">build_report</a>"), "{path}");
        assert!(!page.contains(">send_mail</a>"), "{path}");
    }
}

#[tokio::test]
async fn a_silent_server_is_possibly_dead() {
    let engine = Engine::running().await;
    let options = DashboardOptions {
        server_timeout: std::time::Duration::ZERO,
        ..DashboardOptions::default()
    };
    let dashboard = TestDashboard::with(engine.storage, full(), options);

    let page = dashboard.page("/hangfire/servers").await;

    assert!(page.contains("Possibly dead"));
}

#[tokio::test]
async fn the_overview_and_the_servers_page_say_what_each_one_runs() {
    let engine = Engine::running().await;
    let id = engine.processing("send_mail").await;
    let idle = ServerAnnouncement {
        id: ServerId::random(),
        name: "web-2:1".to_owned(),
        queues: vec!["mail".to_owned()],
        kinds: Vec::new(),
        workers: 2,
    };
    engine
        .storage
        .announce(&idle)
        .await
        .expect("memory answers");
    let dashboard = TestDashboard::of(engine.storage);

    for path in ["/hangfire", "/hangfire/servers"] {
        let page = dashboard.page(path).await;
        assert!(page.contains("1 of 4") && page.contains("0 of 2"), "{path}");
        assert!(
            page.contains(&format!("/hangfire/jobs/details/{id}")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_read_only_viewer_is_offered_no_action() {
    let engine = Engine::running().await;
    let id = engine.failed("send_mail").await;
    let options = DashboardOptions::default();
    let dashboard = TestDashboard::with(engine.storage, read_only(), options);

    for path in ["/jobs/failed".to_owned(), format!("/jobs/details/{id}")] {
        let page = dashboard.page(&format!("/hangfire{path}")).await;

        assert!(page.contains("send_mail"), "{path}");
        assert!(page.contains("read-only"), "{path}");
        assert!(!page.contains("/jobs/actions/"), "{path}");
    }
}

#[tokio::test]
async fn a_search_says_what_it_does_not_understand() {
    let engine = Engine::running().await;
    engine.failed("send_mail").await;
    let dashboard = TestDashboard::of(engine.storage);

    let answer = dashboard.get("/hangfire/jobs/failed?q=colour:red").await;

    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("There is no “colour:” to search by."));
    assert!(answer.body.contains("value=\"colour:red\""));
    assert!(!answer.body.contains("send_mail</a>"));
}

#[tokio::test]
async fn a_search_finds_what_it_asks_for() {
    let engine = Engine::running().await;
    engine.failed("send_mail").await;
    engine.enqueued("print_page").await;
    let dashboard = TestDashboard::of(engine.storage);

    for (search, kind) in [
        ("state:failed", "send_mail"),
        ("-state:failed", "print_page"),
        ("error:o", "send_mail"),
        ("created:%3C1h%20kind:print_page", "print_page"),
        ("PRINT", "print_page"),
    ] {
        let page = dashboard.page(&format!("/hangfire/jobs?q={search}")).await;

        assert!(page.contains(&format!(">{kind}</a>")), "{search}");
        assert!(page.contains("1 job</p>"), "{search}");
    }
}
