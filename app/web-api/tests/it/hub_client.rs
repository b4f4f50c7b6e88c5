use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::eventually::within;
use crate::person::Person;

/// A client of the notification hub, at its lowest: JSON over a WebSocket.
pub struct HubClient {
    socket: WebSocketStream<TcpStream>,
    /// Messages of the last frame that were not read yet, the next one last.
    waiting: Vec<Value>,
}

/// Ends a message.
const END: char = '\u{1e}';

impl HubClient {
    /// Negotiates and connects as this person.
    pub async fn connect(person: &Person) -> Self {
        let path = "/hubs/notifications/negotiate?negotiateVersion=1";
        let answer = person.command(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        let id = answer["connectionToken"].as_str().expect("a connection");
        let ticket = answer["accessToken"].as_str().expect("a ticket");
        Self::open(person, &format!("id={id}&access_token={ticket}")).await
    }

    /// Connects without negotiation, with this query.
    pub async fn open(person: &Person, query: &str) -> Self {
        let mut client = Self::try_to_open(person, query).await.expect("is let in");
        client
            .send(&json!({ "protocol": "json", "version": 1 }))
            .await;
        assert_eq!(
            client.next_message().await,
            Some(json!({})),
            "the handshake"
        );
        client
    }

    /// The status where it is not let in.
    pub async fn try_to_open(person: &Person, query: &str) -> Result<Self, u16> {
        let stream = TcpStream::connect(person.address).await.expect("connects");
        let url = format!("ws://{}/hubs/notifications?{query}", person.address);
        match client_async(url, stream).await {
            Ok((socket, _)) => Ok(Self {
                socket,
                waiting: Vec::new(),
            }),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The arguments of the next call of this method; others are passed over.
    pub async fn hears(&mut self, method: &str) -> Value {
        within(method, async {
            loop {
                let message = self.next_message().await.expect("is connected");
                if message["target"] == method {
                    return message["arguments"].clone();
                }
            }
        })
        .await
    }

    /// Waits for the end of the connection; answers what was said until then.
    pub async fn everything_until_the_end(&mut self) -> Vec<Value> {
        within("the end of the connection", async {
            let mut heard = Vec::new();
            while let Some(message) = self.next_message().await {
                heard.push(message);
            }
            heard
        })
        .await
    }

    /// Waits for the end of the connection; answers the close message.
    pub async fn is_closed(&mut self) -> Value {
        let last = self.everything_until_the_end().await.pop();
        let close = last.expect("the end is announced");
        assert_eq!(close["type"], 7, "{close}");
        close
    }

    async fn send(&mut self, message: &Value) {
        let text = format!("{message}{END}");
        self.socket.send(Message::text(text)).await.expect("sends");
    }

    async fn next_message(&mut self) -> Option<Value> {
        while self.waiting.is_empty() {
            let frame = self.socket.next().await?.ok()?;
            if let Message::Text(text) = frame {
                let messages = text.split(END).filter(|text| !text.is_empty());
                let messages = messages.map(|text| serde_json::from_str(text).expect("JSON"));
                self.waiting = messages.collect();
                self.waiting.reverse();
            }
        }
        let message = self.waiting.pop()?;
        self.answer(&message).await;
        Some(message)
    }

    /// As every SignalR client does when its handler has run.
    async fn answer(&mut self, message: &Value) {
        let Some(id) = message.get("invocationId") else {
            return;
        };
        let answer = json!({ "type": 3, "invocationId": id, "result": null });
        let text = format!("{answer}{END}");
        // The connection may be ending.
        let _ = self.socket.send(Message::text(text)).await;
    }
}
