use axum::{body::Body, extract::Request};
use http::{StatusCode, header};
use signalr_hub::{AllowedOrigins, HubOptions};

use crate::test_hub::{TestHub, json, text, with_users};

#[tokio::test]
async fn whoever_is_not_known_gets_an_empty_401() {
    let hub = TestHub::start(with_users());

    let refused = hub.post("/hub/negotiate?access_token=nobody").await;

    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], "Bearer");
    assert_eq!(text(refused).await, "");
}

#[tokio::test]
async fn whoever_may_not_gets_403() {
    let hub = TestHub::start(with_users());

    let refused = hub.post("/hub/negotiate?access_token=banned").await;

    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_socket_is_refused_before_its_upgrade() {
    let hub = TestHub::start(with_users());

    let (_, refusal) = hub.refused_upgrade("/hub").await;

    assert_eq!(refusal, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_header_counts_and_not_the_query() {
    let hub = TestHub::start(with_users());
    let request = |authorization: &str| {
        Request::post("/hub/negotiate?access_token=somebody")
            .header(header::AUTHORIZATION, authorization)
            .body(Body::empty())
            .unwrap()
    };

    let known = hub.request(request("bearer somebody")).await;
    let unknown = hub.request(request("Bearer nobody")).await;
    let other_scheme = hub.request(request("Basic c29tZWJvZHk6")).await;

    assert_eq!(known.status(), StatusCode::OK);
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(other_scheme.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_connection_belongs_to_whom_negotiated_it() {
    let hub = TestHub::start(with_users());
    let offer = json(
        hub.post("/hub/negotiate?negotiateVersion=1&access_token=ann")
            .await,
    )
    .await;
    let token = offer["connectionToken"].as_str().unwrap();

    let (_, refusal) = hub
        .refused_upgrade(&format!("/hub?id={token}&access_token=bob"))
        .await;

    assert_eq!(refusal, StatusCode::FORBIDDEN);
    hub.connect_to(&format!("/hub?id={token}&access_token=ann"))
        .await;
}

#[tokio::test]
async fn a_ticket_is_good_for_its_own_connection_alone() {
    let mut options = with_users();
    options.connections.tickets = true;
    let hub = TestHub::start(options);
    let negotiate = "/hub/negotiate?negotiateVersion=1&access_token=ann";
    let offer = json(hub.post(negotiate).await).await;
    let other = json(hub.post(negotiate).await).await;
    let ticket = offer["accessToken"].as_str().unwrap();
    let path = |offer: &serde_json::Value| {
        let token = offer["connectionToken"].as_str().unwrap();
        format!("/hub?id={token}&access_token={ticket}")
    };

    hub.connect_to(&path(&offer)).await;
    assert_eq!(hub.context.local_connections_of_user("ann").len(), 1);

    // To the application, a ticket is a token like any other: here, the name of somebody else.
    let (_, refusal) = hub.refused_upgrade(&path(&other)).await;
    assert_eq!(refusal, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn pages_of_other_hosts_are_refused() {
    let hub = TestHub::start(HubOptions::default());

    let own = hub.request(from_page("http://chat.example:80")).await;
    let foreign = hub.request(from_page("https://evil.example")).await;

    assert_eq!(own.status(), StatusCode::OK);
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn pages_of_listed_origins_are_let_in() {
    let mut options = HubOptions::default();
    options.connections.allowed_origins =
        AllowedOrigins::Listed(vec!["https://app.example".to_owned()]);
    let hub = TestHub::start(options);

    let listed = hub.request(from_page("https://app.example")).await;
    let foreign = hub.request(from_page("https://evil.example")).await;

    assert_eq!(listed.status(), StatusCode::OK);
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
}

fn from_page(origin: &str) -> Request {
    Request::post("/hub/negotiate")
        .header(header::HOST, "chat.example:80")
        .header(header::ORIGIN, origin)
        .body(Body::empty())
        .unwrap()
}
