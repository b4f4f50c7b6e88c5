#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod audit;
mod batches;
mod beginning;
mod checkpoints;
mod claimed;
mod claiming;
mod clock;
mod commanding;
mod convert;
mod deeds;
mod enqueuing;
mod expiry;
mod following;
mod in_a_turn;
mod intake;
mod keys;
mod limiting;
mod monitor;
mod noting;
mod operations;
mod pulse;
mod recurring;
mod revocations;
mod scheduling;
mod schema;
#[cfg(test)]
mod scratch;
mod search;
mod servers;
mod settling;
mod slots;
mod stage;
mod storage;
#[cfg(feature = "testing")]
pub mod testing;
mod throughput;
mod turns;
mod writer;

pub use enqueuing::enqueue;
pub use storage::SqliteStorage;
