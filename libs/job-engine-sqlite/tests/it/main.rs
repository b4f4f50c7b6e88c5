//! What a SQLite storage must do beside the suite that every storage passes.

mod cancelling;
mod conformance;
mod database;
mod enqueuing;
mod migrating;
mod poison;
mod pulse;
mod sharing;
