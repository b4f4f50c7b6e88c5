#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod filter;
mod hub;

mod caller;
mod clients;
mod hub_context;
mod presence;

mod arguments;
mod connect_request;
mod error;
mod options;
mod redirect;
mod user;

mod front_door;
mod raw;
mod server;

pub mod backplane;
pub mod durable;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;

mod call;
mod calls;
mod clock;
mod connection;
mod connections;
mod core;
mod endpoint;
mod inbox;
mod methods;
mod outbox;
mod owner;
mod place;
mod protocol;
mod query;
mod questions;
mod resume;
mod running;
mod servers;
mod session;
mod transports;
mod turns;

pub use arguments::{Argument, ClientArguments, Upload};
pub use caller::Caller;
pub use clients::{Clients, Recipient, Recipients};
pub use connect_request::ConnectRequest;
pub use error::{ClientResultError, HubError, SendError};
pub use filter::{CallResult, HubCall, HubFilter, Next};
pub use front_door::FrontDoor;
pub use hub::{Hub, Methods};
pub use hub_context::HubContext;
pub use methods::{Function, StreamFunction};
pub use options::{
    AllowedOrigins, ConnectionOptions, HubOptions, StatefulReconnect, Transport, Transports,
};
pub use outbox::{OutboxLimits, WhenFull};
pub use presence::{Presence, PresenceError, Present, PresentConnection};
pub use protocol::EncodeError;
pub use raw::{RawConnection, RawError, raw_router};
pub use redirect::{Elsewhere, Redirect};
pub use server::{HubServer, hub_router};
pub use user::{Anyone, Authenticate, AuthenticationRefresh, Credentials, Refused, Token, User};
