//! What is not said to other servers.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde_json::json;
use signalr_hub::{
    HubOptions,
    backplane::{Backplane, BackplaneError, InProcessBackplane},
};

use crate::test_hub::TestHub;

/// Remembers what is published.
#[derive(Default)]
struct Recorder {
    net: InProcessBackplane,
    published: Mutex<Vec<Bytes>>,
}

#[async_trait]
impl Backplane for Recorder {
    async fn publish(&self, envelope: Bytes) -> Result<(), BackplaneError> {
        self.published.lock().unwrap().push(envelope.clone());
        self.net.publish(envelope).await
    }

    async fn subscribe(&self) -> Result<BoxStream<'static, Bytes>, BackplaneError> {
        self.net.subscribe().await
    }
}

impl Recorder {
    fn has_published(&self, text: &str) -> bool {
        let published = self.published.lock().unwrap();
        published.iter().any(|envelope| {
            let mut windows = envelope.windows(text.len());
            windows.any(|window| window == text.as_bytes())
        })
    }
}

#[tokio::test]
async fn what_concerns_connections_of_this_server_alone_is_not_published() {
    let recorder = Arc::new(Recorder::default());
    let hub = TestHub::start(HubOptions {
        backplane: Some(recorder.clone()),
        ..HubOptions::default()
    });
    let mut client = hub.connect().await;
    let id = hub.context.local_connections().remove(0);
    let clients = hub.context.clients();

    client.call("Join", json!(["of-this-server"])).await;
    let one = clients.connection(&id);
    one.send("Told", ("for-one",)).await.unwrap();
    clients.all().send("Told", ("for-all",)).await.unwrap();

    assert_eq!(client.told().await.1, json!(["for-one"]));
    assert_eq!(client.told().await.1, json!(["for-all"]));
    assert!(!recorder.has_published("of-this-server"));
    assert!(!recorder.has_published("for-one"));
    assert!(recorder.has_published("for-all"));
}
