//! A client that negotiates, connects and says hello, in as few bytes of its own as it can.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Failure;

const HELLO: &[u8] = b"{\"protocol\":\"json\",\"version\":1}\x1e";
const PING: &[u8] = b"{\"type\":6}\x1e";

pub struct Client {
    socket: TcpStream,
    /// From its first byte until the hub has answered its hello.
    pub waited: Duration,
}

impl Client {
    pub async fn connect(server: SocketAddr) -> Result<Self, Failure> {
        let start = Instant::now();
        let mut socket = TcpStream::connect(server).await?;
        socket.set_nodelay(true)?;
        socket
            .write_all(b"POST /hub/negotiate?negotiateVersion=1 HTTP/1.1\r\nHost: crowd\r\nContent-Length: 0\r\n\r\n")
            .await?;
        let offer = read_until(&mut socket, b"]}]}").await?;
        let token = value_of(&offer, "connectionToken").ok_or("no connection was offered")?;

        let upgrade = format!(
            "GET /hub?id={token} HTTP/1.1\r\nHost: crowd\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        socket.write_all(upgrade.as_bytes()).await?;
        read_until(&mut socket, b"\r\n\r\n").await?;
        socket.write_all(&frame(HELLO)).await?;
        read_until(&mut socket, b"{}\x1e").await?;
        Ok(Self {
            socket,
            waited: start.elapsed(),
        })
    }

    /// Answers pings until the server ends the connection.
    pub async fn live(&mut self, pings: &AtomicUsize) -> Result<(), Failure> {
        loop {
            read_until(&mut self.socket, PING).await?;
            pings.fetch_add(1, Ordering::Relaxed);
            self.socket.write_all(&frame(PING)).await?;
        }
    }
}

async fn read_until(socket: &mut TcpStream, end: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        if socket.read_buf(&mut read).await? == 0 {
            return Err("the server ended the connection".into());
        }
    }
    Ok(read)
}

fn value_of<'a>(text: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next()
}

/// A short text frame, masked with zeros: as it is.
fn frame(text: &[u8]) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("short");
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(text);
    frame
}
