//! What must not be in any log.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::test_hub::{TestHub, json as body, with_users};

const TOKEN: &str = "ann-and-her-long-secret";

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn no_token_or_ticket_is_logged_whatever_happens() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let mut options = with_users();
    options.connections.tickets = true;
    let mut hub = TestHub::start(options);

    let negotiate = format!("/hub/negotiate?negotiateVersion=1&access_token={TOKEN}");
    let offer = body(hub.post(&negotiate).await).await;
    let ticket = offer["accessToken"].as_str().unwrap();
    let secret = offer["connectionToken"].as_str().unwrap();
    let path = format!("/hub?id={secret}&access_token={ticket}");
    let mut client = hub.connect_to(&path).await;
    assert_eq!(hub.event().await, "connected");
    client.call("Fail", json!(["on purpose"])).await;
    client.call("Unknown", json!([])).await;
    hub.refused_upgrade(&format!("/hub?id={secret}&access_token=nobody"))
        .await;
    hub.refused_upgrade(&format!("/hub?id={secret}&access_token={TOKEN}"))
        .await;
    client.send_text("broken\u{1e}").await;
    assert!(hub.event().await.starts_with("disconnected"));
    hub.context.stop().await;

    let log = log.text();
    assert!(log.contains("a connection ended"), "{log}");
    for secret in [TOKEN, ticket, secret] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}
