//! A client that speaks the protocol by hand and checks nothing by itself.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::CloseFrame},
};

pub struct TestClient {
    socket: WebSocketStream<DuplexStream>,
    /// Messages that came in the same frame as the last one.
    received: std::collections::VecDeque<String>,
    calls: u32,
}

impl TestClient {
    pub async fn open(stream: DuplexStream, path: &str) -> Self {
        let (socket, _) = client_async(format!("ws://test{path}"), stream)
            .await
            .expect("the hub accepts the socket");
        Self {
            socket,
            received: std::collections::VecDeque::new(),
            calls: 0,
        }
    }

    pub async fn shake_hands(&mut self) {
        self.send_text("{\"protocol\":\"json\",\"version\":1}\u{1e}")
            .await;
        assert_eq!(self.next().await, json!({}));
    }

    pub async fn send(&mut self, message: Value) {
        self.send_text(&format!("{message}\u{1e}")).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Message::text(text)).await;
    }

    pub async fn send_frame(&mut self, frame: Message) {
        self.socket.send(frame).await.expect("the hub reads");
    }

    /// The connection below the socket, for those who break its rules.
    pub fn into_inner(self) -> DuplexStream {
        self.socket.into_inner()
    }

    /// The next hub message of any kind.
    pub async fn next(&mut self) -> Value {
        let message = self.next_or_close().await;
        message.unwrap_or_else(|close| panic!("the hub closed the socket: {close:?}"))
    }

    /// The next hub message, or how the socket was closed.
    pub async fn next_or_close(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            if let Some(text) = self.received.pop_front() {
                return Ok(serde_json::from_str(&text).expect("the hub sends JSON"));
            }
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => self.split(&text),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The next frame as it is.
    pub async fn next_frame(&mut self) -> Message {
        let frame = self.socket.next().await;
        frame.expect("the hub sends").expect("the socket works")
    }

    /// Calls a method and waits for its completion.
    pub async fn call(&mut self, target: &str, arguments: Value) -> Value {
        let id = self.start(target, arguments).await;
        self.completion(&id).await
    }

    /// Calls a method; gives the id of the call.
    pub async fn start(&mut self, target: &str, arguments: Value) -> String {
        self.calls += 1;
        let id = self.calls.to_string();
        self.send(json!({
            "type": 1,
            "invocationId": id,
            "target": target,
            "arguments": arguments,
        }))
        .await;
        id
    }

    pub async fn start_stream(&mut self, id: &str, target: &str, arguments: Value) {
        self.send(json!({
            "type": 4,
            "invocationId": id,
            "target": target,
            "arguments": arguments,
        }))
        .await;
    }

    pub async fn completion(&mut self, id: &str) -> Value {
        let message = self.next().await;
        assert_eq!(
            (&message["type"], &message["invocationId"]),
            (&json!(3), &json!(id))
        );
        message
    }

    /// The next call of a client method.
    pub async fn told(&mut self) -> (String, Value) {
        let message = self.next().await;
        assert_eq!(message["type"], 1, "{message}");
        let target = message["target"].as_str().expect("a name").to_owned();
        (target, message["arguments"].clone())
    }

    /// Everything that came before an answer to a call made now.
    pub async fn heard_until_now(&mut self) -> Vec<Value> {
        let id = self.start("Nothing", json!([])).await;
        let mut heard = Vec::new();
        loop {
            let message = self.next().await;
            if message["invocationId"] == json!(id) {
                return heard;
            }
            heard.push(message);
        }
    }

    fn split(&mut self, text: &str) {
        let messages = text.strip_suffix('\u{1e}').expect("whole messages");
        self.received
            .extend(messages.split('\u{1e}').map(str::to_owned));
    }
}
