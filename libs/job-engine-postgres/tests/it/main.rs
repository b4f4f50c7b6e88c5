//! What a PostgreSQL storage must do beside the suite that every storage passes.

mod cancelling;
mod claiming;
mod conformance;
mod database;
mod enqueuing;
mod listening;
mod migrating;
mod poison;
mod pulse;
mod sessions;
