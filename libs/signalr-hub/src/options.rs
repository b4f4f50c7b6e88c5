//! Every setting, with its default.

use std::{sync::Arc, time::Duration};

use crate::{
    backplane::Backplane,
    durable::Inbox,
    filter::HubFilter,
    outbox::OutboxLimits,
    redirect::Redirect,
    user::{Anyone, Authenticate, AuthenticationRefresh},
};

/// How a hub treats its connections. The defaults are those of ASP.NET Core.
#[derive(Clone)]
pub struct HubOptions {
    /// How often an otherwise idle client is sent a ping. Default 15 s.
    pub keep_alive_interval: Duration,
    /// A client that has sent nothing, not even a ping, for this long is gone. Default 30 s.
    pub client_timeout: Duration,
    /// Time for a client to say which protocol it speaks. Default 15 s.
    pub handshake_timeout: Duration,
    /// Largest hub message accepted, in bytes with its framing; 0 is unlimited. Default 32 KiB.
    pub max_message_size: usize,
    /// Items of one upload stream that may wait for the method reading it. Default 10.
    pub upload_buffer: usize,
    /// Calls one client may have running at a time; streams are not counted. Default 1, at least 1.
    pub parallel_calls: usize,
    /// Streams one client may have running at a time, each way. Default 100.
    pub max_streams: usize,
    /// Time for a client to give a result it is asked for. Default 30 s.
    pub client_result_timeout: Duration,
    /// Whether clients are told the type and text of every error. Default false.
    pub detailed_errors: bool,
    /// Whether clients may speak MessagePack beside JSON. Default false.
    pub message_pack: bool,
    /// How servers that share this hub tell each other. Default none: this is the only server.
    pub backplane: Option<Arc<dyn Backplane>>,
    /// How often servers that share this hub tell each other that they live. One that was silent for
    /// three beats is gone, and its connections with it: see [`Presence`](crate::Presence). Default 3 s.
    pub server_beat: Duration,
    /// Where durable messages wait for their users. Default none. See [`durable`](crate::durable).
    pub inbox: Option<Arc<dyn Inbox>>,
    /// How often the inbox is looked into for connected users, in case a sender died before it could
    /// tell the hub. Default 5 s.
    pub inbox_review: Duration,
    /// What runs around all calls, connects and disconnects, in this order. Filters for several hubs go
    /// into the options that theirs are made of: `HubOptions { …, ..for_all_hubs.clone() }`.
    pub filters: Vec<Arc<dyn HubFilter>>,
    /// Everything below the hub protocol.
    pub connections: ConnectionOptions,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            keep_alive_interval: Duration::from_secs(15),
            client_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(15),
            max_message_size: 32 * 1024,
            upload_buffer: 10,
            parallel_calls: 1,
            max_streams: 100,
            client_result_timeout: Duration::from_secs(30),
            detailed_errors: false,
            message_pack: false,
            backplane: None,
            server_beat: Duration::from_secs(3),
            inbox: None,
            inbox_review: Duration::from_secs(5),
            filters: Vec::new(),
            connections: ConnectionOptions::default(),
        }
    }
}

impl HubOptions {
    pub(crate) fn message_limit(&self) -> usize {
        match self.max_message_size {
            0 => usize::MAX,
            limit => limit,
        }
    }
}

/// How connections are made and kept, whatever is sent over them.
#[derive(Clone)]
pub struct ConnectionOptions {
    /// Says who makes a request. Default: [`Anyone`].
    pub authenticate: Arc<dyn Authenticate>,
    /// Web pages that may connect. Default: those of the same host.
    pub allowed_origins: AllowedOrigins,
    /// The transports offered. Default: all.
    pub transports: Transports,
    /// Sends clients to another hub when they negotiate. Default: none.
    pub redirect: Option<Redirect>,
    /// The oldest way of negotiating that is served. Default 0, as old clients need; with 1, the public name
    /// of a connection never is its secret too.
    pub minimum_negotiate_version: u8,
    /// What may wait for one client, and what happens to a slower one.
    pub outbox: OutboxLimits,
    /// Whether a connection ends when its user's proof of identity does. Default false.
    pub close_on_expiry: bool,
    /// Whether clients may prove anew who they are while they are connected. Default: no.
    pub authentication_refresh: Option<AuthenticationRefresh>,
    /// Whether negotiation gives out a ticket, good for that one connection, which clients use
    /// instead of their token from then on: so the token never is in a URL. Default false.
    pub tickets: bool,
    /// Whether clients may continue a connection after losing its socket. Default: no.
    pub stateful_reconnect: Option<StatefulReconnect>,
    /// A poll that finds nothing is answered after this long. Default 90 s.
    pub long_poll_timeout: Duration,
    /// Time for a client to answer a WebSocket's close. Default 5 s.
    pub close_timeout: Duration,
    /// A send that is stuck for this long ends the connection, or, if its client may come back on another,
    /// the socket alone. Default 10 s. On event streams and polls it is stuck once the HTTP server takes no
    /// more (hyper: some 400 KiB).
    pub send_timeout: Duration,
    /// A connection nobody uses (negotiated only, between polls, without its socket) ends after this long.
    /// Default 15 s.
    pub disconnect_timeout: Duration,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            authenticate: Arc::new(Anyone),
            allowed_origins: AllowedOrigins::SameHost,
            transports: Transports::ALL,
            redirect: None,
            minimum_negotiate_version: 0,
            outbox: OutboxLimits::default(),
            close_on_expiry: false,
            authentication_refresh: None,
            tickets: false,
            stateful_reconnect: None,
            long_poll_timeout: Duration::from_secs(90),
            close_timeout: Duration::from_secs(5),
            send_timeout: Duration::from_secs(10),
            disconnect_timeout: Duration::from_secs(15),
        }
    }
}

/// Which web pages may connect. Requests without an `Origin` do not come from pages and always may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Pages of the host the request is made to.
    SameHost,
    /// Pages of these origins, such as `https://app.example.com`, and of the same host.
    Listed(Vec<String>),
    /// Every page of the web. Only for hubs that show nothing private.
    Any,
}

/// How much is kept for clients that lost their socket.
#[derive(Debug, Clone, Copy)]
pub struct StatefulReconnect {
    /// Bytes kept per connection until the client says it has them. Default 100,000.
    pub buffer_bytes: usize,
}

impl Default for StatefulReconnect {
    fn default() -> Self {
        Self {
            buffer_bytes: 100_000,
        }
    }
}

/// A set of transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transports {
    /// One socket, both ways.
    pub web_sockets: bool,
    /// One endless answer down, requests up. Text only.
    pub server_sent_events: bool,
    /// Requests that wait for something to come.
    pub long_polling: bool,
}

impl Transports {
    /// All of them.
    pub const ALL: Self = Self {
        web_sockets: true,
        server_sent_events: true,
        long_polling: true,
    };
}

/// How a client is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// One socket, both ways.
    WebSockets,
    /// One endless answer down, requests up.
    ServerSentEvents,
    /// Requests that wait for something to come.
    LongPolling,
}

impl Transport {
    /// The name used on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSockets => "WebSockets",
            Self::ServerSentEvents => "ServerSentEvents",
            Self::LongPolling => "LongPolling",
        }
    }

    pub(crate) fn is_in(self, transports: Transports) -> bool {
        match self {
            Self::WebSockets => transports.web_sockets,
            Self::ServerSentEvents => transports.server_sent_events,
            Self::LongPolling => transports.long_polling,
        }
    }
}
