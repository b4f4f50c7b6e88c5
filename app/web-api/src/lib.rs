//! The outside: HTTP, hubs, configuration, the executable.

mod router;
mod routes;

mod dashboard;
mod frontend;
mod hubs;
pub mod openapi;

mod api;
mod client_limits;
mod current_user;
mod identity;
mod json_body;
mod parameters;

mod client_address;
mod cookies;
mod error;
mod layers;
mod rate_limit;
mod request_id;
mod tokens;

pub mod commands;
pub mod config;
pub mod job_commands;
mod listener;
mod logging;
mod measurements;
mod signing_key;
pub mod web_server;
mod wiring;
