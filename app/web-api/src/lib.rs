//! The outside: HTTP, hubs, configuration, the executable.

pub mod commands;
pub mod config;

mod client_address;
mod cookies;
pub mod error;
mod frontend;
mod layers;
mod listener;
mod logging;
mod rate_limit;
mod request_id;
pub mod tokens;
