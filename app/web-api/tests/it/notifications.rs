use domain::NotificationKind;
use uuid::Uuid;

use crate::eventually::eventually;
use crate::hub_client::HubClient;
use crate::tenants::create;
use crate::test_app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_waits_in_the_inbox_until_it_is_read() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut ear = HubClient::connect(&admin).await;
    create(&admin, "Acme").await;
    create(&admin, "Bravo").await;
    let told = [
        ear.hears("ReceiveNotification").await,
        ear.hears("ReceiveNotification").await,
    ];

    let inbox = admin.get("/api/notifications").await.json();
    assert_eq!(inbox["unreadCount"], 2);
    let newest = &inbox["items"][0];
    assert_eq!(newest["type"], "Success");
    assert!(newest["readAt"].is_null());
    assert!(
        told.iter()
            .any(|told| told[2] == newest["details"] && told[1] == newest["message"])
    );

    let id = newest["id"].as_str().expect("an id");
    assert_eq!(
        admin
            .command(&format!("/api/notifications/{id}/read"))
            .await
            .status,
        204
    );
    let unread = admin.get("/api/notifications?unread=true").await.json();
    assert_eq!(unread["unreadCount"], 1);
    assert_eq!(unread["items"].as_array().expect("a list").len(), 1);

    assert_eq!(
        admin.command("/api/notifications/read-all").await.status,
        204
    );
    let read = admin.get("/api/notifications").await.json();
    assert_eq!(read["unreadCount"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_while_its_user_was_away_is_shown_once_at_the_next_connection() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    create(&admin, "Acme").await;
    create(&admin, "Bravo").await;
    eventually("both to be stored", async || {
        let inbox = admin.get("/api/notifications").await.json();
        (inbox["unreadCount"] == 2).then_some(())
    })
    .await;

    let mut first = HubClient::connect(&admin).await;
    let told = [
        first.hears("ReceiveNotification").await,
        first.hears("ReceiveNotification").await,
    ];
    create(&admin, "Coral").await;
    let coral = first.hears("ReceiveNotification").await;
    app.all_is_delivered().await;
    drop(first);
    let mut second = HubClient::connect(&admin).await;
    create(&admin, "Delta").await;
    let next = second.hears("ReceiveNotification").await;

    let inbox = admin.get("/api/notifications").await.json();
    let listed = |position: usize| &inbox["items"][position]["details"];
    assert_eq!(&told[0][2], listed(3));
    assert_eq!(&told[1][2], listed(2));
    assert_eq!(&coral[2], listed(1));
    assert_eq!(&next[2], listed(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_stored_before_it_died_is_shown_to_who_is_connected() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut ear = HubClient::connect(&admin).await;
    let tenant = create(&admin, "Acme").await.json();
    ear.hears("ReceiveNotification").await;
    let id = tenant["id"].as_str().expect("an id");

    app.store_notification(id, NotificationKind::TenantFailed)
        .await;

    let told = ear.hears("ReceiveNotification").await;
    assert_eq!(told[0], "Error");
    assert_eq!(told[2]["kind"], "TenantFailed");
    app.all_is_delivered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_survives_a_restart_until_it_is_shown() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let tenant = create(&admin, "Acme").await.json();
    eventually("it to be stored", async || {
        let inbox = admin.get("/api/notifications").await.json();
        (inbox["unreadCount"] == 1).then_some(())
    })
    .await;

    let app = app.restart().await;
    let mut ear = HubClient::connect(&app.admin().await).await;

    let told = ear.hears("ReceiveNotification").await;
    assert_eq!(told[2]["tenantId"], tenant["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_comes_in_pages() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut ear = HubClient::connect(&admin).await;
    for name in ["Acme", "Bravo", "Coral"] {
        create(&admin, name).await;
    }
    for _ in 0..3 {
        ear.hears("ReceiveNotification").await;
    }

    let first = admin.get("/api/notifications?limit=2").await.json();
    let cursor = first["nextCursor"].as_str().expect("more");
    let second = admin
        .get(&format!("/api/notifications?limit=2&cursor={cursor}"))
        .await
        .json();

    assert_eq!(first["items"].as_array().expect("a list").len(), 2);
    assert_eq!(second["items"].as_array().expect("a list").len(), 1);
    assert!(second["nextCursor"].is_null());
    let errors = admin.get("/api/notifications?limit=0").await.problem(400);
    assert!(errors["limit"][0].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_what_others_were_told() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut ear = HubClient::connect(&admin).await;
    create(&admin, "Acme").await;
    let id = ear.hears("ReceiveNotification").await[2]["id"].clone();
    let id = id.as_str().expect("an id");
    let rosa = app.owner("Térraba Boats", "rosa@terraba.test").await;

    let inbox = rosa.get("/api/notifications").await.json();
    rosa.command(&format!("/api/notifications/{id}/read"))
        .await
        .problem(404);
    rosa.command(&format!("/api/notifications/{}/read", Uuid::now_v7()))
        .await
        .problem(404);

    assert_eq!(inbox["items"].as_array().expect("a list").len(), 0);
    assert_eq!(
        admin.get("/api/notifications").await.json()["unreadCount"],
        1
    );
}
