#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod announcing;
mod audit;
mod batches;
mod beginning;
mod claimed;
mod claiming;
mod commanding;
mod convert;
mod copying;
mod deeds;
mod enqueuing;
mod expiry;
mod following;
mod intake;
mod kept;
mod limiting;
mod line;
mod listener;
mod live;
mod looks;
mod monitor;
mod noted_lines;
mod noting;
mod operations;
mod pulse;
mod recurring;
mod rows;
mod schedule;
mod scheduling;
mod schema;
mod search;
mod servers;
mod session;
mod settling;
mod stage;
mod standing;
mod storage;
mod throughput;
mod transaction;
mod turns;

pub use enqueuing::enqueue;
pub use storage::PostgresStorage;

/// Enqueuing in a transaction of the `tokio-postgres` crate.
#[cfg(feature = "tokio-postgres")]
pub mod tokio_postgres;
