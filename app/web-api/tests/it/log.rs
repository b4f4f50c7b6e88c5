use http::Method;

use crate::executable::Executable;
use crate::hub_client::HubClient;
use crate::person::Person;
use crate::test_app::{ADMIN, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_reaches_the_log_even_where_everything_is_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut executable = Executable::serve(folder.path(), &[("DIQUIS_LOG", "trace")]);
    let admin = Person::sign_in(executable.address, ADMIN, PASSWORD).await;
    let token = admin.access_token.clone().expect("a token");
    let in_address = format!("access_token={token}");

    let _ear = HubClient::open(&admin, &in_address).await;
    let hub = format!("/Hubs/Notifications/Negotiate?{in_address}");
    admin.send(Method::POST, &hub, None, &[]).await;
    admin.get(&format!("/api/me?{in_address}")).await;
    admin.command("/api/sessions/refresh").await;

    executable.terminate();
    assert_eq!(executable.ends_with(), Some(0));
    let log = std::fs::read_to_string(folder.path().join("log")).expect("a log");
    assert!(
        log.contains("path=\"/hubs/notifications/negotiate\""),
        "{log}"
    );
    let secrets = admin
        .cookies
        .iter()
        .filter_map(|cookie| cookie.split_once('='));
    let secrets = secrets
        .map(|(_, value)| value)
        .chain([token.as_str(), PASSWORD]);
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
