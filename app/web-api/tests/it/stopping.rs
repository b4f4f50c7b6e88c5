use std::time::{Duration, Instant};

use crate::eventually::eventually;
use crate::executable::Executable;
use crate::hub_client::HubClient;
use crate::person::Person;
use crate::tenants::create;
use crate::test_app::{ADMIN, PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_connected_is_told_to_come_back() {
    let app = TestApp::start().await;
    let mut ear = HubClient::connect(&app.admin().await).await;

    let (close, ()) = tokio::join!(ear.is_closed(), app.stop());

    assert_eq!(close["allowReconnect"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_done_after_a_restart() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "1")]).await;
    let admin = app.admin().await;
    for number in 0..5 {
        assert_eq!(create(&admin, &format!("Acme {number}")).await.status, 202);
    }

    let app = app.restart().await;

    let admin = app.admin().await;
    eventually("all tenants", async || {
        let active = admin.get("/api/tenants?status=Active").await.json();
        (active["total"] == 5).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_executable_ends_well_when_it_is_told_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut executable = Executable::serve(folder.path(), &[]);
    let admin = Person::sign_in(executable.address, ADMIN, PASSWORD).await;
    let mut ear = HubClient::connect(&admin).await;
    let told = Instant::now();

    executable.terminate();

    assert_eq!(ear.is_closed().await["allowReconnect"], true);
    assert_eq!(executable.ends_with(), Some(0));
    assert!(
        told.elapsed() < Duration::from_secs(10),
        "{:?}",
        told.elapsed()
    );
}
