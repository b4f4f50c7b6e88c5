//! The hub from outside: over its HTTP routes, by the protocol alone, on memory instead of sockets so
//! that time can be moved.

mod test_client;
mod test_hub;

mod authenticating;
mod calling;
mod client_results;
mod closing;
mod crowd;
#[cfg(feature = "conformance")]
mod durable;
mod filters;
#[cfg(feature = "fuzz")]
mod fuzzing;
mod groups;
mod keep_alive;
mod logs;
mod negotiating;
mod polling;
mod posting;
mod presence;
mod raw;
mod refreshing;
mod resuming;
mod server_sent_events;
#[cfg(feature = "conformance")]
mod several_servers;
mod slow_clients;
mod sparing;
mod streaming;
mod users;

#[cfg(all(feature = "postgres", feature = "conformance"))]
mod durable_postgres;
#[cfg(all(feature = "sqlite", feature = "conformance"))]
mod durable_sqlite;
#[cfg(all(feature = "postgres", feature = "conformance"))]
mod postgres;
#[cfg(all(feature = "redis", feature = "conformance"))]
mod redis;
#[cfg(feature = "redis")]
mod redis_server;
