//! What a SQLite storage must do beside the suite that every storage passes.

mod auditing;
mod conformance;
mod database;
mod enqueuing;
mod migrating;
mod operating;
mod pulse;
mod searching;
mod sharing;
