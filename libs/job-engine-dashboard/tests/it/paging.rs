use std::collections::HashSet;

use job_engine::Storage;
use job_engine::storage::Command;

use crate::jobs::Engine;
use crate::test_dashboard::{TestDashboard, between};

/// The ids on a page.
fn rows(page: &str) -> Vec<String> {
    page.split("<tr data-key=\"")
        .skip(1)
        .filter_map(|rest| Some(rest.split('"').next()?.to_owned()))
        .collect()
}

fn next(page: &str) -> Option<String> {
    page.contains("rel=\"next\"")
        .then(|| between(page, "rel=\"next\" href=\"", "\"").replace("&amp;", "&"))
}

#[tokio::test]
async fn pages_show_each_job_once_and_end() {
    let engine = Engine::running().await;
    let mut made = HashSet::new();
    for _ in 0..45 {
        made.insert(engine.enqueued("send_mail").await.to_string());
    }
    let dashboard = TestDashboard::of(engine.storage);

    let mut seen = Vec::new();
    let mut path = Some("/hangfire/jobs/enqueued?q=kind:send_mail".to_owned());
    let mut sizes = Vec::new();
    while let Some(address) = path {
        let page = dashboard.page(&address).await;
        let ids = rows(&page);
        sizes.push(ids.len());
        seen.extend(ids);
        path = next(&page);
    }

    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(seen.len(), 45);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), made);
}

#[tokio::test]
async fn jobs_that_leave_the_list_between_two_pages_hide_no_other() {
    let engine = Engine::running().await;
    let mut made = Vec::new();
    for _ in 0..30 {
        made.push(engine.enqueued("send_mail").await);
    }
    let storage = engine.storage;
    let dashboard = TestDashboard::of(storage.clone());

    let first = dashboard.page("/hangfire/jobs/enqueued").await;
    for id in made.iter().rev().take(10) {
        let deleted = storage.command(*id, Command::Delete, "Not needed").await;
        deleted.expect("memory answers");
    }
    let second = dashboard.page(&next(&first).expect("there are more")).await;

    let expected: HashSet<String> = made[..10].iter().map(ToString::to_string).collect();
    assert_eq!(rows(&second).into_iter().collect::<HashSet<_>>(), expected);
}

#[tokio::test]
async fn the_number_of_rows_can_be_chosen() {
    let engine = Engine::running().await;
    for _ in 0..60 {
        engine.enqueued("send_mail").await;
    }
    let dashboard = TestDashboard::of(engine.storage);

    let page = dashboard.page("/hangfire/jobs/enqueued?rows=50").await;

    assert_eq!(rows(&page).len(), 50);
    let second = dashboard.page(&next(&page).expect("there are more")).await;
    assert_eq!(rows(&second).len(), 10);
}
