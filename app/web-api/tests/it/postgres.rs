//! The stories again, on PostgreSQL, and what only several processes can show.

use serde_json::json;

use crate::eventually::eventually;
use crate::hub_client::HubClient;
use crate::sign_up::signs_up_and_gets_in;
use crate::tenants::{create, told_when_ready};
use crate::test_app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_super_admin_is_told_when_the_tenant_is_ready() {
    told_when_ready(&TestApp::on_postgres(&[]).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_signs_up_and_gets_in() {
    signs_up_and_gets_in(&TestApp::on_postgres(&[]).await, "PostgreSQL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_reaches_who_is_connected_to_another_process() {
    let web = TestApp::on_postgres(&[("DIQUIS_WORKERS", "0")]).await;
    let admin = web.admin().await;
    let mut ear = HubClient::connect(&admin).await;
    let worker = web.beside().await;

    let id = create(&admin, "Acme").await.json()["id"].clone();

    let told = ear.hears("ReceiveNotification").await;
    assert_eq!(told[2]["tenantId"], id);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_one_process_is_good_in_all() {
    let here = TestApp::on_postgres(&[]).await;
    let there = here.beside().await;
    let mut admin = here.admin().await;

    admin.address = there.address();

    assert_eq!(admin.get("/api/me").await.status, 200);
    assert_eq!(
        admin.with_cookies_alone().get("/hangfire").await.status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_here_ends_there_within_seconds() {
    let here = TestApp::on_postgres(&[]).await;
    let there = here.beside().await;
    let admin = here.admin().await;
    let mut same_admin = admin.clone();
    same_admin.address = there.address();
    let mut ear = HubClient::connect(&same_admin).await;

    admin
        .send(http::Method::DELETE, "/api/sessions/current", None, &[])
        .await;

    ear.is_closed().await;
    eventually("the end of the session", async || {
        let status = same_admin.get("/api/me").await.status;
        (status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_fields_are_named_on_postgres_too() {
    let app = TestApp::on_postgres(&[]).await;
    let admin = app.admin().await;
    create(&admin, "Acme").await;

    let nul = json!({ "name": "Nul\u{0}", "adminEmail": "a@b.test" });
    let errors = admin.post("/api/tenants", nul).await.problem(400);
    assert!(errors["name"][0].is_string());
    assert!(create(&admin, "Acme").await.problem(409)["slug"][0].is_string());
    assert_eq!(admin.get("/api/tenants?q=%00").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_database_is_said_and_got_over() {
    let app = TestApp::on_postgres(&[]).await;
    let admin = app.admin().await;
    let mut ear = HubClient::connect(&admin).await;

    app.lose_database().await;

    app.visitor().get("/health/ready").await.problem(503);
    assert_eq!(app.visitor().get("/health/live").await.status, 200);
    app.find_database_again().await;
    eventually("readiness", async || {
        let status = app.visitor().get("/health/ready").await.status;
        (status == 200).then_some(())
    })
    .await;
    assert_eq!(create(&admin, "Acme").await.status, 202);
    assert_eq!(ear.hears("ReceiveNotification").await[0], "Success");
}
