use crate::test_app::TestApp;

const PAGE: &str = "/hangfire/recurring/forget-expired";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_every_night_is_known_after_the_first_start() {
    let app = TestApp::start().await;

    let page = app.admin().await.with_cookies_alone().get(PAGE).await;

    assert_eq!(page.status, 200);
    assert!(page.text.contains("At 03:17"), "{}", page.text);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_workers_makes_nothing_known() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "0")]).await;

    let admin = app.admin().await.with_cookies_alone();

    assert_eq!(admin.get(PAGE).await.status, 404);
    app.stop().await;
}
