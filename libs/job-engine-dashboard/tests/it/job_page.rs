use std::time::Duration;

use http::StatusCode;
use job_engine::storage::{NewLine, Outcome, Progress, RunNotes, Settled};
use job_engine::{Batch, ContinueOn, Due, Storage};

use crate::jobs::{Engine, new_job};
use crate::test_dashboard::{TestDashboard, between};

#[tokio::test]
async fn a_running_job_shows_how_far_it_is_and_what_it_says() {
    let engine = Engine::running().await;
    let job = engine.enqueued("export").await;
    let lease = engine.claim("export").await.lease;
    let line = |number, text: &str| NewLine {
        number,
        age: Duration::ZERO,
        text: text.to_owned(),
    };
    let notes = RunNotes {
        lease,
        progress: Some(Progress {
            done: 1200,
            total: 5000,
        }),
        lines: vec![line(1, "read <all> of it"), line(2, "wrote some")],
    };
    let settled = engine.storage.note(&[notes]).await.expect("memory answers");
    assert_eq!(settled, [Settled::Accepted]);
    let dashboard = TestDashboard::of(engine.storage);

    let path = format!("/hangfire/jobs/details/{job}");
    let page = dashboard.page(&path).await;

    assert!(page.contains("1,200 of 5,000"));
    let log = between(&page, "<ol class=\"log\"", "</ol>");
    assert!(log.contains("read &lt;all&gt; of it") && log.contains("wrote some"));
    let further = dashboard.page(&format!("{path}?log=1")).await;
    assert!(!further.contains("of it") && further.contains("wrote some"));
}

#[tokio::test]
async fn a_job_leads_to_what_it_continues_and_to_what_continues_it() {
    let engine = Engine::running().await;
    let parent = engine.enqueued("export").await;
    let child = new_job("send_mail", Due::Now).continuing([parent], ContinueOn::Success);
    let child = engine.add(child.expect("it has a parent")).await;
    let dashboard = TestDashboard::of(engine.storage.clone());
    let page = async |id| {
        dashboard
            .page(&format!("/hangfire/jobs/details/{id}"))
            .await
    };

    let to = |id| format!("href=\"/hangfire/jobs/details/{id}\"");
    let of_child = page(child).await;
    let continues = between(&of_child, "Continues</dt>", "</dl>");
    assert!(continues.contains(&to(parent)));
    assert!(continues.contains("Enqueued"), "how far the parent is");
    let why = between(&of_child, "<p class=\"why", "</p>");
    assert!(why.contains(&to(parent)), "the reason is a link: {why}");

    let claimed = engine.claim("export").await;
    let done = Outcome::Succeeded {
        duration: Duration::ZERO,
        result: None,
    };
    engine.settle(claimed, done).await;
    let of_child = page(child).await;
    let continues = between(&of_child, "Continues</dt>", "</dl>");
    assert!(continues.contains(&to(parent)));
    assert!(continues.contains("Succeeded"), "how far the parent is");
    let of_parent = page(parent).await;
    assert!(between(&of_parent, "Continued by</dt>", "</dl>").contains(&to(child)));
}

#[tokio::test]
async fn a_batch_is_shown_with_its_numbers_and_what_runs_after_it() {
    let engine = Engine::running().await;
    let jobs = (0..3).map(|_| new_job("export", Due::Now));
    let batch = Batch::of(jobs);
    let (id, first) = (batch.id, batch.jobs[0].id);
    let batch = batch.then(new_job("send_mail", Due::Now), ContinueOn::AnyEnd);
    let jobs = batch.expect("it continues the batch").jobs;
    engine.storage.enqueue(&jobs).await.expect("memory answers");
    let claimed = engine.claim("export").await;
    let done = Outcome::Succeeded {
        duration: Duration::ZERO,
        result: None,
    };
    engine.settle(claimed, done).await;
    let dashboard = TestDashboard::of(engine.storage);

    let list = dashboard.page("/hangfire/batches").await;
    assert!(list.contains(&format!("/hangfire/batches/{id}")) && list.contains("1 of 3"));
    let one = dashboard.page(&format!("/hangfire/batches/{id}")).await;
    assert!(one.contains("Batch of 3 jobs") && one.contains("<dt>To go</dt><dd>2</dd>"));
    assert!(one.contains(&format!("/hangfire/jobs/details/{}", jobs[3].id)));
    let job = dashboard
        .page(&format!("/hangfire/jobs/details/{first}"))
        .await;
    assert!(job.contains(&format!("/hangfire/batches/{id}")));

    for unknown in ["nonsense", "0190b6c4-0000-7000-8000-000000000000"] {
        let answer = dashboard.get(&format!("/hangfire/batches/{unknown}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_job_leads_to_others_of_its_tenant_its_tags_and_its_trace() {
    let engine = Engine::running().await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let mut job = new_job("export", Due::Now);
    job.tenant = Some("acme".to_owned());
    job.tags = vec!["monthly".to_owned()];
    job.trace = Some(format!("00-{trace}-b7ad6b7169203331-01"));
    let job = engine.add(job).await;
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard
        .page(&format!("/hangfire/jobs/details/{job}"))
        .await;

    assert!(page.contains("href=\"/hangfire/jobs?q=tenant%3Aacme\""));
    assert!(page.contains("href=\"/hangfire/jobs?q=tag%3Amonthly\""));
    let link = between(&page, "Trace</dt><dd><span class=\"mono\"><a href=\"", "\"");
    let found = dashboard.page(link).await;
    assert!(
        found.contains(">export</a>"),
        "the trace's own jobs are found"
    );
    assert!(page.contains(&format!(">{trace}</a>")));
}
