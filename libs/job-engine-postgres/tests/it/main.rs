//! What a PostgreSQL storage must do beside the suite that every storage passes.

mod auditing;
mod cancelling;
mod claiming;
mod conformance;
mod copying;
mod counting;
mod database;
mod enqueuing;
mod listening;
mod marking;
mod migrating;
mod pulse;
mod scheduling;
mod sessions;
