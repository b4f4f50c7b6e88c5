use job_engine::job::ErrorReport;
use job_engine::storage::ServerAnnouncement;
use job_engine::{Due, ServerId, Storage};
use job_engine_dashboard::{Access, DashboardOptions};

use crate::jobs::{Engine, new_job};
use crate::test_dashboard::{TestDashboard, encode};

/// What a job's words could try to be on a page.
const HOSTILE: [&str; 10] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</pre></td></table><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "<!--",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u{202e}txt.exe\u{0}\u{7f}\u{fffd}",
];

fn assert_harmless(page: &str, place: &str) {
    let lower = page.to_lowercase();
    for markup in ["<script>", "<img", "<svg onload", "<!--", "]]>"] {
        assert!(!lower.contains(markup), "{markup} on {place}");
    }
    for tag in lower.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let outside_quotes: String = tag.split('"').step_by(2).collect();
        assert!(
            !outside_quotes.contains(" on"),
            "a handler in <{tag}> on {place}"
        );
        assert!(!tag.contains("href=\"javascript:"), "<{tag}> on {place}");
    }
}

#[tokio::test]
async fn whatever_a_job_says_stays_text() {
    for text in HOSTILE {
        let engine = Engine::running().await;
        let mut job = new_job(text, Due::Now);
        job.arguments = format!("{{{text:?}:{text:?}}}");
        let id = engine.add(job).await;
        let error = ErrorReport {
            kind: text.to_owned(),
            message: text.to_owned(),
            details: format!("{text}\n{text}"),
        };
        engine.fail(text, error).await;
        let mut waiting = new_job(text, Due::Now);
        waiting.queue = text.to_owned();
        waiting.arguments = text.to_owned();
        engine.add(waiting).await;
        let server = ServerAnnouncement {
            id: ServerId::random(),
            name: text.to_owned(),
            queues: vec![text.to_owned()],
            kinds: Vec::new(),
            workers: 1,
        };
        engine
            .storage
            .announce(&server)
            .await
            .expect("memory answers");
        let actor = Access::Full {
            actor: text.to_owned(),
        };
        let options = DashboardOptions {
            title: text.to_owned(),
            ..DashboardOptions::default()
        };
        let dashboard = TestDashboard::with(engine.storage, actor, options);

        for path in [
            "/hangfire".to_owned(),
            "/hangfire/jobs".to_owned(),
            "/hangfire/jobs/failed".to_owned(),
            "/hangfire/jobs/enqueued".to_owned(),
            format!("/hangfire/jobs/details/{id}"),
            "/hangfire/queues".to_owned(),
            "/hangfire/servers".to_owned(),
        ] {
            assert_harmless(&dashboard.page(&path).await, &path);
        }
    }
}

#[tokio::test]
async fn whatever_an_address_says_stays_text() {
    let engine = Engine::running().await;
    let dashboard = TestDashboard::of(engine.storage);

    for text in HOSTILE {
        let encoded = encode(text);
        for path in [
            format!("/hangfire/jobs/failed?queue={encoded}&q={encoded}"),
            format!("/hangfire/jobs/failed?after={encoded}"),
            format!("/hangfire/jobs/details/{encoded}"),
            format!("/hangfire/jobs/{encoded}"),
            format!("/hangfire/jobs?q={encoded}"),
        ] {
            assert_harmless(&dashboard.get(&path).await.body, &path);
        }
    }
}
