use http::Method;

use crate::hub_client::HubClient;
use crate::tenants::create;
use crate::test_app::TestApp;

const NEGOTIATE: &str = "/hubs/notifications/negotiate?negotiateVersion=1";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_address_connects_without_negotiation() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let token = admin.access_token.clone().expect("a token");

    let mut ear = HubClient::open(&app.visitor(), &format!("access_token={token}")).await;

    create(&admin, "Acme").await;
    assert_eq!(ear.hears("ReceiveNotification").await[0], "Success");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_is_not_let_in() {
    let app = TestApp::start().await;

    let negotiated = app.visitor().command(NEGOTIATE).await;
    let connected = HubClient::try_to_open(&app.visitor(), "").await;
    let forged = HubClient::try_to_open(&app.visitor(), "access_token=x.y.z").await;

    assert_eq!(negotiated.status, 401);
    assert_eq!(connected.err(), Some(401));
    assert_eq!(forged.err(), Some(401));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_may_not_connect() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    let stranger = [("origin", "https://elsewhere.test")];
    let answer = admin.send(Method::POST, NEGOTIATE, None, &stranger).await;

    assert_eq!(answer.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_super_admin_hears_of_a_change_and_no_one_else() {
    let app = TestApp::start().await;
    let rosa = app.owner("Térraba Boats", "rosa@terraba.test").await;
    let admin = app.admin().await;
    let other_window = app.admin().await;
    let mut rosas_ear = HubClient::connect(&rosa).await;
    let mut ears = [
        HubClient::connect(&admin).await,
        HubClient::connect(&other_window).await,
    ];

    let tenant = create(&admin, "Acme").await.json();

    for ear in &mut ears {
        let change = ear.hears("TenantChanged").await[0].clone();
        assert_eq!(change["id"], tenant["id"]);
        assert!(change["version"].is_i64() && change["status"].is_string());
        ear.hears("ReceiveNotification").await;
    }
    rosa.send(Method::DELETE, "/api/sessions/current", None, &[])
        .await;
    let heard = rosas_ear.everything_until_the_end().await;
    let calls: Vec<_> = heard
        .iter()
        .filter(|message| message["type"] == 1)
        .collect();
    assert!(calls.is_empty(), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_sessions_connections() {
    let app = TestApp::start().await;
    let leaving = app.admin().await;
    let staying = app.admin().await;
    let mut leaving_ear = HubClient::connect(&leaving).await;
    let mut staying_ear = HubClient::connect(&staying).await;

    leaving
        .send(Method::DELETE, "/api/sessions/current", None, &[])
        .await;

    leaving_ear.is_closed().await;
    create(&staying, "Acme").await;
    assert_eq!(staying_ear.hears("ReceiveNotification").await[0], "Success");
}

/// Setting a password ends every session of its owner, and with them what they opened.
#[tokio::test(flavor = "multi_thread")]
async fn connections_end_with_their_session() {
    let app = TestApp::start().await;
    let rosa = app.owner("Térraba Boats", "rosa@terraba.test").await;
    let mut ear = HubClient::connect(&rosa).await;

    app.end_sessions_of(&rosa).await;

    ear.is_closed().await;
    rosa.get("/api/me").await.problem(401);
}
