use axum::{body::Body, extract::Request};
use http::{StatusCode, header};
use serde_json::json;
use signalr_hub::{Elsewhere, FrontDoor, HubOptions, Redirect, Token, Transports};

use crate::test_hub::{TestHub, json, text, with_users};

#[tokio::test]
async fn version_one_has_a_public_id_and_a_secret_token() {
    let hub = TestHub::start(HubOptions::default());

    let offer = json(hub.post("/hub/negotiate?negotiateVersion=1").await).await;

    assert_eq!(offer["negotiateVersion"], 1);
    assert_eq!(offer["connectionId"].as_str().unwrap().len(), 22);
    assert_ne!(offer["connectionId"], offer["connectionToken"]);
    assert_eq!(
        offer["availableTransports"],
        json!([
            {"transport": "WebSockets", "transferFormats": ["Text", "Binary"]},
            {"transport": "ServerSentEvents", "transferFormats": ["Text"]},
            {"transport": "LongPolling", "transferFormats": ["Text", "Binary"]},
        ])
    );
}

#[tokio::test]
async fn without_a_version_the_id_is_the_token() {
    let hub = TestHub::start(HubOptions::default());

    let offer = json(hub.post("/hub/negotiate").await).await;
    let id = offer["connectionId"].as_str().unwrap();

    assert_eq!(offer["negotiateVersion"], 0);
    assert!(offer.get("connectionToken").is_none());
    hub.connect_to(&format!("/hub?id={id}")).await;
    assert_eq!(hub.context.local_connections(), [id]);
}

#[tokio::test]
async fn a_later_version_gets_the_newest_known_and_a_wrong_one_an_error() {
    let hub = TestHub::start(HubOptions::default());

    let later = json(hub.post("/hub/negotiate?NEGOTIATEVERSION=9").await).await;
    let wrong = json(hub.post("/hub/negotiate?negotiateVersion=x").await).await;
    let negative = json(hub.post("/hub/negotiate?negotiateVersion=-1").await).await;

    assert_eq!(later["negotiateVersion"], 1);
    assert_eq!(
        wrong,
        json!({"error": "The client requested an invalid protocol version 'x'"})
    );
    assert_eq!(
        negative,
        json!({"error": "The client requested version '-1', but the server does not support this version."})
    );
}

#[tokio::test]
async fn clients_can_be_sent_to_another_hub_after_they_were_authenticated() {
    let mut options = with_users();
    options.connections.redirect = Some(Redirect::by(|user, uri| {
        let id = user.id.as_ref().filter(|id| *id != "stays")?;
        assert!(!uri.to_string().contains("access_token"));
        Some(Elsewhere {
            url: format!("https://other.example/hub?from={}", uri.path()),
            access_token: Some(Token::from_text(format!("{id}-there"))),
        })
    }));
    let hub = TestHub::start(options);

    let unknown = hub.post("/hub/negotiate?access_token=nobody").await;
    let sent = json(hub.post("/hub/negotiate?access_token=ann").await).await;
    let stays = json(hub.post("/hub/negotiate?access_token=stays").await).await;

    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        sent,
        json!({"url": "https://other.example/hub?from=/hub/negotiate", "accessToken": "ann-there"})
    );
    assert!(stays["connectionId"].is_string());
}

#[tokio::test]
async fn everyone_can_be_sent_to_another_hub() {
    let mut options = HubOptions::default();
    options.connections.redirect = Some(Redirect::to("https://new.example/hub"));
    let hub = TestHub::start(options);

    let sent = json(hub.post("/hub/negotiate?negotiateVersion=1").await).await;

    assert_eq!(sent, json!({"url": "https://new.example/hub"}));
}

#[tokio::test]
async fn a_hub_can_refuse_to_negotiate_in_the_oldest_way() {
    let mut options = HubOptions::default();
    options.connections.minimum_negotiate_version = 1;
    let hub = TestHub::start(options);

    let refused = json(hub.post("/hub/negotiate").await).await;
    let offer = json(hub.post("/hub/negotiate?negotiateVersion=1").await).await;

    assert_eq!(
        refused,
        json!({"error": "The client requested version '0', but the server does not support this version."})
    );
    assert_eq!(offer["negotiateVersion"], 1);
}

#[tokio::test]
async fn only_enabled_transports_are_offered_and_served() {
    let mut options = HubOptions::default();
    options.connections.transports = Transports {
        web_sockets: false,
        ..Transports::ALL
    };
    let hub = TestHub::start(options);

    let offer = json(hub.post("/hub/negotiate?negotiateVersion=1").await).await;
    let refused = hub.request(upgrade("/hub")).await;

    assert_eq!(offer["availableTransports"].as_array().unwrap().len(), 2);
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        text(refused).await,
        "WebSockets transport not supported by this end point type"
    );
}

#[tokio::test]
async fn negotiation_is_a_post() {
    let hub = TestHub::start(HubOptions::default());

    let refused = hub
        .request(Request::get("/hub/negotiate").body(Body::empty()).unwrap())
        .await;

    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn an_unknown_token_is_refused_before_the_upgrade() {
    let hub = TestHub::start(HubOptions::default());

    let refused = hub.request(upgrade("/hub?id=unknown")).await;

    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert_eq!(text(refused).await, "No Connection with that ID");
}

#[tokio::test]
async fn a_connection_has_one_socket() {
    let hub = TestHub::start(HubOptions::default());
    let offer = json(hub.post("/hub/negotiate?negotiateVersion=1").await).await;
    let path = format!("/hub?id={}", offer["connectionToken"].as_str().unwrap());
    let _client = hub.connect_to(&path).await;

    let (_, refusal) = hub.refused_upgrade(&path).await;

    assert_eq!(refusal, StatusCode::CONFLICT);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_only_negotiated_ends_after_fifteen_seconds() {
    let hub = TestHub::start(HubOptions::default());
    let offer = json(hub.post("/hub/negotiate?negotiateVersion=1").await).await;
    let path = format!("/hub?id={}", offer["connectionToken"].as_str().unwrap());

    tokio::time::sleep(std::time::Duration::from_secs(17)).await;

    let (_, refusal) = hub.refused_upgrade(&path).await;
    assert_eq!(refusal, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_front_door_hides_tokens_and_forgives_the_case_of_hub_paths() {
    let door = FrontDoor::to(["/hubs/chat"]);
    let uri = |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        door.open(request).uri().to_string()
    };

    assert_eq!(
        uri("/Hubs/CHAT?id=1&Access_Token=secret&x=2"),
        "/hubs/chat?id=1&x=2"
    );
    assert_eq!(
        uri("/hubs/chat/Negotiate?access_token=s"),
        "/hubs/chat/negotiate"
    );
    assert_eq!(
        uri("/hubs/chatter?access_token=s"),
        "/hubs/chatter?access_token=s"
    );
    assert_eq!(uri("/Other"), "/Other");
}

fn upgrade(path: &str) -> Request {
    Request::get(path)
        .header(header::CONNECTION, "keep-alive, Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
        .body(Body::empty())
        .unwrap()
}
