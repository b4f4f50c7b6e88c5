#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

/// Many jobs as one thing.
pub mod batch;
/// Jobs that run after others.
pub mod continuation;
/// What happens around jobs of every kind.
pub mod filters;
/// What a job is: all that most users ever write.
pub mod job;
/// A job on its way into a storage.
pub mod new_job;
/// What a run says about itself.
pub mod notepad;
/// How long jobs are kept.
pub mod retention;
/// How often to try, and when.
pub mod retry;
/// Where a job is in its life.
pub mod state;
/// Jobs of which there is one at a time.
pub mod unique;

pub mod actor;
/// Giving work to the engine.
pub mod client;
/// Limits of jobs with keys.
pub mod keys;
/// Stopping and limiting queues.
pub mod queues;
pub mod recurring;
/// What of arguments nobody is shown.
pub mod redaction;
/// Which jobs a server knows.
pub mod registry;
/// Running jobs.
pub mod server;
/// What a server has done.
pub mod tally;

#[cfg(feature = "testing")]
pub mod testing;
/// Joins runs to the traces in which their jobs were enqueued.
pub mod trace;

pub mod storage;
pub mod words;

mod life;
mod meters;
mod panics;
mod processes;
mod server_options;
mod session;

pub use actor::{ActError, Actor};
pub use batch::{Batch, BatchId};
pub use client::{Client, EnqueueError, ResultError};
pub use continuation::{Continuation, ContinueOn, Parent};
pub use filters::Filter;
pub use job::{Attempt, Failure, Job, JobError};
pub use keys::Keys;
pub use meters::count_enqueued;
pub use new_job::{Due, NewJob};
pub use notepad::Notepad;
pub use queues::{LimitError, Queues};
pub use redaction::Redactions;
pub use registry::Registry;
pub use retention::Retention;
pub use retry::{Delays, Retried, RetryPolicy, WhenExceeded};
pub use server::{RunningServer, Server, StartError};
pub use server_options::ServerOptions;
pub use state::State;
pub use storage::{JobId, ServerId, Storage, StorageError};
pub use tally::Tally;
pub use unique::{Duplicate, Duplicates, Unique};
