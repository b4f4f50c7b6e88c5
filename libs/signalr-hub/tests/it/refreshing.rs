use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{body::Body, extract::Request};
use http::{Response, StatusCode, header};
use serde_json::{Value, json};
use signalr_hub::{
    Authenticate, AuthenticationRefresh, Credentials, HubOptions, Refused, Token, User,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use crate::test_hub::{self, TestHub, text, with_users};

fn refreshing() -> HubOptions {
    with(AuthenticationRefresh::always())
}

fn with(refresh: AuthenticationRefresh) -> HubOptions {
    let mut options = with_users();
    options.connections.authentication_refresh = Some(refresh);
    options
}

async fn negotiate(hub: &TestHub, user: &str) -> Value {
    let path = format!("/hub/negotiate?negotiateVersion=1&access_token={user}");
    test_hub::json(hub.post(&path).await).await
}

fn id_of(offer: &Value) -> &str {
    offer["connectionToken"].as_str().unwrap()
}

async fn refresh(hub: &TestHub, id: &str, token: &str) -> Response<Body> {
    let request = Request::post(format!("/hub/refresh?id={id}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty());
    hub.request(request.unwrap()).await
}

async fn rejection(response: Response<Body>) -> (StatusCode, Value) {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    let status = response.status();
    (status, serde_json::from_str(&text(response).await).unwrap())
}

#[tokio::test]
async fn a_refresh_changes_what_the_user_may_and_the_hub_hears_of_it() {
    let mut hub = TestHub::start(refreshing());
    let offer = negotiate(&hub, "ann:guest").await;
    let path = format!("/hub?id={}&access_token=ann:guest", id_of(&offer));
    let mut client = hub.connect_to(&path).await;
    client.call("Join", json!(["red"])).await;
    assert_eq!(client.call("Role", json!([])).await["result"], "guest");

    let renewed = test_hub::json(refresh(&hub, id_of(&offer), "ann:admin").await).await;

    assert_eq!(renewed, json!({}));
    assert_eq!(hub.event().await, "connected");
    assert_eq!(hub.event().await, "refreshed: admin");
    assert_eq!(client.call("Role", json!([])).await["result"], "admin");
    assert_eq!(hub.context.local_connections_of_user("ann").len(), 1);
    assert_eq!(hub.context.local_connections_in_group("red").len(), 1);
}

#[tokio::test]
async fn the_client_is_told_how_long_its_token_lasts() {
    let hub = TestHub::start(refreshing());

    let offer = negotiate(&hub, "ann:brief").await;
    let lasting = negotiate(&hub, "ann").await;
    let renewed = test_hub::json(refresh(&hub, id_of(&offer), "ann:brief").await).await;

    assert!((18..=20).contains(&offer["tokenLifetimeSeconds"].as_i64().unwrap()));
    assert!((18..=20).contains(&renewed["tokenLifetimeSeconds"].as_i64().unwrap()));
    assert!(lasting.get("tokenLifetimeSeconds").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refresh_keeps_a_connection_from_ending_with_the_first_token() {
    let mut options = refreshing();
    options.connections.close_on_expiry = true;
    let hub = TestHub::start(options);
    let offer = negotiate(&hub, "ann:brief").await;
    let path = format!("/hub?id={}&access_token=ann:brief", id_of(&offer));
    let mut client = hub.connect_to(&path).await;
    let start = Instant::now();

    sleep(Duration::from_secs(15)).await;
    refresh(&hub, id_of(&offer), "ann:brief").await;
    while client.next().await["type"] != 7 {}

    assert!((33..=37).contains(&start.elapsed().as_secs()));
}

#[tokio::test]
async fn a_refresh_is_off_unless_it_is_allowed() {
    let hub = TestHub::start(with_users());
    let offer = negotiate(&hub, "ann:brief").await;

    let refused = rejection(refresh(&hub, id_of(&offer), "ann").await).await;

    let disabled = json!({"error": "refresh_disabled"});
    assert_eq!(refused, (StatusCode::NOT_FOUND, disabled));
    assert!(offer.get("tokenLifetimeSeconds").is_none());
}

#[tokio::test]
async fn a_refresh_is_a_post() {
    let hub = TestHub::start(refreshing());

    let request = Request::get("/hub/refresh").body(Body::empty()).unwrap();
    let refused = hub.request(request).await;

    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_refresh_names_a_connection_by_its_secret() {
    let hub = TestHub::start(refreshing());
    let oldest = test_hub::json(hub.post("/hub/negotiate?access_token=ann").await).await;
    let public = oldest["connectionId"].as_str().unwrap();

    for (id, status, error) in [
        ("", StatusCode::BAD_REQUEST, "missing_connection_token"),
        ("unknown", StatusCode::NOT_FOUND, "connection_not_found"),
        (
            public,
            StatusCode::BAD_REQUEST,
            "unsupported_negotiate_version",
        ),
    ] {
        let refused = rejection(refresh(&hub, id, "ann").await).await;
        assert_eq!(refused, (status, json!({"error": error})));
    }
}

#[tokio::test]
async fn a_refresh_by_nobody_or_somebody_else_changes_nothing() {
    let hub = TestHub::start(refreshing());
    let offer = negotiate(&hub, "ann:guest").await;
    let path = format!("/hub?id={}&access_token=ann:guest", id_of(&offer));
    let mut client = hub.connect_to(&path).await;

    let nobody = rejection(refresh(&hub, id_of(&offer), "nobody").await).await;
    let other = rejection(refresh(&hub, id_of(&offer), "bob:admin").await).await;

    let invalid = json!({"error": "invalid_token"});
    assert_eq!(nobody, (StatusCode::UNAUTHORIZED, invalid));
    let changed = json!({"error": "user_changed"});
    assert_eq!(other, (StatusCode::FORBIDDEN, changed));
    assert_eq!(client.call("Role", json!([])).await["result"], "guest");
}

#[tokio::test]
async fn the_application_may_refuse_a_refresh_and_the_connection_goes_on() {
    let hub = TestHub::start(with(AuthenticationRefresh::only_if(|before, after| {
        before.has_claim("role", "guest") && !after.has_claim("role", "admin")
    })));
    let offer = negotiate(&hub, "ann:guest").await;
    let path = format!("/hub?id={}&access_token=ann:guest", id_of(&offer));
    let mut client = hub.connect_to(&path).await;

    let refused = rejection(refresh(&hub, id_of(&offer), "ann:admin").await).await;

    let rejected = json!({"error": "permission_change_rejected"});
    assert_eq!(refused, (StatusCode::FORBIDDEN, rejected));
    assert_eq!(client.call("Role", json!([])).await["result"], "guest");
}

#[tokio::test]
async fn a_poll_by_a_user_who_changed_is_asked_about_like_a_refresh() {
    let mut hub = TestHub::start(with(AuthenticationRefresh::only_if(|_, after| {
        !after.has_claim("role", "banned")
    })));
    let offer = negotiate(&hub, "ann:guest").await;
    let hello = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
    let path = format!("/hub?id={}&access_token=ann:guest", id_of(&offer));
    let request = Request::post(path).body(Body::from(hello));
    hub.request(request.unwrap()).await;

    assert_eq!(poll(&hub, &offer, "guest").await, StatusCode::OK);
    assert_eq!(hub.event().await, "connected");
    assert_eq!(poll(&hub, &offer, "admin").await, StatusCode::OK);
    assert_eq!(hub.event().await, "refreshed: admin");

    let banned = poll(&hub, &offer, "banned").await;

    assert_eq!(banned, StatusCode::FORBIDDEN);
    assert_eq!(hub.event().await, "disconnected: in peace");
}

async fn poll(hub: &TestHub, offer: &Value, role: &str) -> StatusCode {
    let path = format!("/hub?id={}&access_token=ann:{role}", id_of(offer));
    let request = Request::get(path).body(Body::empty());
    hub.request(request.unwrap()).await.status()
}

#[tokio::test]
async fn a_ticket_proves_nothing_anew_but_is_kept_by_a_refresh() {
    let mut options = refreshing();
    options.connections.tickets = true;
    let hub = TestHub::start(options);
    let offer = negotiate(&hub, "ann").await;
    let ticket = offer["accessToken"].as_str().unwrap();

    let by_ticket = refresh(&hub, id_of(&offer), ticket).await;
    let by_token = test_hub::json(refresh(&hub, id_of(&offer), "ann").await).await;

    // To the application, a ticket is a token like any other: here, the name of somebody else.
    assert_eq!(by_ticket.status(), StatusCode::FORBIDDEN);
    assert_eq!(by_token["accessToken"], ticket);
}

/// Lets the token `ann:late` wait until it is told to go on.
struct SlowForOne(Arc<Notify>);

#[async_trait]
impl Authenticate for SlowForOne {
    async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<User, Refused> {
        if credentials.token.map(Token::reveal) == Some("ann:late") {
            self.0.notified().await;
        }
        test_hub::TokenIsName.authenticate(credentials).await
    }
}

#[tokio::test]
async fn an_earlier_refresh_that_ends_later_does_not_undo_a_later_one() {
    let gate = Arc::new(Notify::new());
    let mut options = refreshing();
    options.connections.authenticate = Arc::new(SlowForOne(Arc::clone(&gate)));
    let hub = TestHub::start(options);
    let offer = negotiate(&hub, "ann:guest").await;
    let id = id_of(&offer);
    let path = format!("/hub?id={id}&access_token=ann:guest");
    let mut client = hub.connect_to(&path).await;

    let (earlier, ()) = tokio::join!(biased; refresh(&hub, id, "ann:late"), async {
        refresh(&hub, id, "ann:admin").await;
        gate.notify_one();
    });

    assert_eq!(earlier.status(), StatusCode::OK);
    assert_eq!(client.call("Role", json!([])).await["result"], "admin");
}
