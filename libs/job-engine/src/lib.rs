#![doc = include_str!("../README.md")]

pub mod job;
pub mod new_job;
pub mod retry;
pub mod state;

pub mod client;
pub mod registry;
pub mod server;
pub mod tally;

pub mod storage;

mod processes;
mod session;

pub use client::{Client, EnqueueError};
pub use job::{Attempt, Failure, Job, JobError};
pub use new_job::{Due, NewJob};
pub use registry::Registry;
pub use retry::RetryPolicy;
pub use server::{RunningServer, Server, ServerOptions, StartError};
pub use state::State;
pub use storage::{JobId, ServerId, Storage, StorageError};
pub use tally::Tally;
