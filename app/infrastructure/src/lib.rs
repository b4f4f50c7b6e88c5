//! How it is done: the only SQL of the product.

mod connect;

pub mod catalog;
mod database;

pub mod tenant_databases;

pub mod mails;

pub mod passwords;
pub mod tokens;

mod shared_secrets;

pub mod clock;
pub mod job_control;

pub use catalog::Pool;
pub use connect::{Adapters, ConnectError, Settings, connect};
