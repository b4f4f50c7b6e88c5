use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::batch::BatchId;
use crate::notepad::Notepad;
use crate::retention::Retention;
use crate::retry::RetryPolicy;
use crate::storage::{JobId, Lease};

/// Work that is done in the background. The struct is its arguments: ids, not copies of records.
///
/// A job may run more than once and may be stopped anywhere, so `run` reads how far things are and
/// does what is missing.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What the job is called in storage and on the dashboard. It is for ever; a renamed job keeps
    /// its old name in [`ALIASES`](Self::ALIASES).
    const NAME: &'static str;

    /// Older names under which jobs of this kind may still be stored.
    const ALIASES: &'static [&'static str] = &[];

    /// The version of the arguments, from 1. Raise it when stored arguments of before can no longer
    /// be read as they are, and say in [`upgrade`](Self::upgrade) what they mean today.
    const VERSION: u32 = 1;

    /// The queue it waits in unless who enqueues it says otherwise.
    const QUEUE: &'static str = "default";

    /// Fields of the arguments that nobody is shown, on a dashboard or elsewhere, by their names as
    /// JSON, wherever in the arguments they stand. They are stored as they are, and a search can
    /// still find jobs by them: a real secret is better looked up by the job. Default: none.
    const REDACTED: &'static [&'static str] = &[];

    /// What the job can reach while it runs.
    type Context: Send + Sync + 'static;

    /// Makes arguments of the older version `from` into those of [`VERSION`](Self::VERSION). By
    /// default they are read as they are. A job whose arguments cannot be upgraded is given up
    /// unread.
    ///
    /// Arguments of a newer version than this program's wait for a server that knows it.
    fn upgrade(_from: u32, arguments: Value) -> Result<Value, Box<dyn Error + Send + Sync>> {
        Ok(arguments)
    }

    /// Does the work. `?` on any error tries again later, [`JobError::fail`] gives up at once.
    fn run(
        &self,
        context: &Self::Context,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<(), JobError>> + Send;

    /// Called after every failed attempt, a panic included, before the failure is stored. May run
    /// twice.
    ///
    /// A run that was cut off by the death of its process is no failed attempt: it is run again,
    /// until the engine gives up because the process died too often, which is told here as well.
    /// Three tries of ten seconds each; an error here is noted in the job's history.
    fn failed(
        &self,
        _context: &Self::Context,
        _failure: &Failure,
    ) -> impl Future<Output = Result<(), JobError>> + Send {
        async { Ok(()) }
    }

    /// Called when no attempt is left, after [`failed`](Self::failed) and before the job rests as
    /// `Failed`. May run twice; three tries of ten seconds each.
    ///
    /// Not called when the arguments cannot be read, for then there is no job to call.
    fn given_up(
        &self,
        _context: &Self::Context,
        _failure: &Failure,
    ) -> impl Future<Output = Result<(), JobError>> + Send {
        async { Ok(()) }
    }

    /// What the job's limit is counted by: jobs with the same key run one at a time, or as many at
    /// once or per period as the [limit](crate::Client::keys) of the key or its group says. `None`
    /// (the default): only its queue limits it. See [`NewJob::limited_by`].
    ///
    /// [`NewJob::limited_by`]: crate::NewJob::limited_by
    fn limit_key(&self) -> Option<String> {
        None
    }

    /// How often and when jobs of this kind are tried again. `None` (the default): as the server's
    /// options say.
    fn retry_policy() -> Option<RetryPolicy> {
        None
    }

    /// How long a run of this kind may take; `Duration::MAX` is no limit. `None` (the default): as
    /// the server's options say.
    ///
    /// A run that takes longer is told to stop through [`Attempt::cancelled`] and cut off half a
    /// second later; unless it succeeds or snoozes within that time the attempt has failed, with an
    /// error of the kind `timeout`, and is retried as the policy says. A run that blocks its thread
    /// cannot be cut off.
    fn timeout() -> Option<Duration> {
        None
    }

    /// How long jobs of this kind are kept once they have succeeded or were deleted. `None` (the
    /// default): as the server's options say. What the server that started last says counts for all.
    fn retention() -> Option<Retention> {
        None
    }
}

/// One run of a job, as the job sees it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The job and the fencing token under which it runs.
    pub lease: Lease,
    /// Which attempt this is, from 1.
    pub number: u32,
    /// How often it may be tried in all, the first attempt included.
    pub max: u32,
    /// Whose job it is, if who enqueued it said so.
    pub tenant: Option<String>,
    /// What it was tagged with.
    pub tags: Vec<String>,
    /// The batch that it is of. Others may be added to it while this one runs.
    pub batch: Option<BatchId>,
    /// The trace in which it was enqueued, as W3C's `traceparent` writes it.
    pub trace: Option<String>,
    /// Fires when the job must stop: it was deleted, its lease is lost, its time is up, or the
    /// server stops and its grace time is over.
    pub cancelled: CancellationToken,
    pub(crate) result: Arc<Mutex<Option<String>>>,
    /// Where the run says how far it is and what it does.
    pub notepad: Notepad,
}

impl Attempt {
    /// The most that a result may take as JSON, in bytes.
    pub const MAX_RESULT_BYTES: usize = 256 * 1024;

    /// Attempt `number` of at most `max`; nobody's, without tags, never cancelled. For who calls
    /// [`Job::run`] in a test.
    pub fn new(lease: Lease, number: u32, max: u32) -> Self {
        Self {
            lease,
            number,
            max,
            tenant: None,
            tags: Vec::new(),
            batch: None,
            trace: None,
            cancelled: CancellationToken::new(),
            notepad: Notepad::default(),
            result: Arc::default(),
        }
    }

    /// Leaves a result, for [`Client::result`](crate::Client::result) and the dashboard. It is kept
    /// with the job when this attempt succeeds; the last one that was left counts.
    ///
    /// The error gives the job up: a result that is not JSON, or takes more than
    /// [`MAX_RESULT_BYTES`](Self::MAX_RESULT_BYTES), is no better at the next attempt.
    pub fn leave_result(&self, result: &impl Serialize) -> Result<(), JobError> {
        let json = serde_json::to_string(result)
            .map_err(|error| JobError::fail(format!("the result is not JSON: {error}")))?;
        if json.len() > Self::MAX_RESULT_BYTES {
            let (bytes, most) = (json.len(), Self::MAX_RESULT_BYTES);
            return Err(JobError::fail(format!(
                "the result has {bytes} bytes and at most {most} are kept; keep it elsewhere and leave its id"
            )));
        }

        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(json);
        Ok(())
    }

    /// What was left, as JSON text.
    pub fn result(&self) -> Option<String> {
        self.result
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The job's id, stable over all attempts: a good idempotency key.
    pub const fn job_id(&self) -> JobId {
        self.lease.job
    }

    /// The time for which a recurring job made this job; `None` when the job comes from elsewhere,
    /// also from a person who asked for a run.
    pub fn occurrence(&self) -> Option<Timestamp> {
        self.lease.job.occurrence()
    }

    /// Says how far the run is, in any unit: `attempt.progress(3, 10)`. Only the newest is kept, so
    /// it may be called as often as one likes.
    pub fn progress(&self, done: u64, total: u64) {
        self.notepad.progress(done, total);
    }

    /// Adds a line to the job's log, which people read while it runs and as long as the job is kept.
    /// [`Notepad::MAX_LINES`] of a run are kept, and [`Notepad::MAX_LINE_BYTES`] of a line. Nothing
    /// secret belongs here.
    pub fn log(&self, line: impl fmt::Display) {
        self.notepad.log(line);
    }
}

/// A failed attempt, as [`Job::failed`] and [`Job::given_up`] see it.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The job's id.
    pub job_id: JobId,
    /// Which attempt failed, from 1.
    pub attempt: u32,
    /// How often it may be tried in all.
    pub max_attempts: u32,
    /// What went wrong, as one line.
    pub message: String,
    /// After which time it is tried again; `None` when it is given up.
    pub retry_in: Option<Duration>,
}

/// Why an attempt did not succeed, and so what happens next.
///
/// Every [`std::error::Error`] becomes one by `?` and means "try again later". It is no `Error`
/// itself, for the same reason as `anyhow::Error` is none.
#[derive(Debug)]
pub enum JobError {
    /// Try again later, as the retry policy says.
    Retry(ErrorReport),
    /// Try again after this time, whatever delay the policy has; whether an attempt is left is the
    /// policy's to say.
    RetryAfter(ErrorReport, Duration),
    /// Never try again.
    Fail(ErrorReport),
    /// Not a failure: run again after this time, without using up an attempt.
    Snooze(Duration),
}

/// What is kept of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct ErrorReport {
    /// The error's type, for example `std::io::Error`; `error` for a text, `panic` for a panic,
    /// `timeout` for a run that took too long, `crash` for a process that died while it ran the job.
    pub kind: String,
    /// The error in one line.
    pub message: String,
    /// The whole chain of causes, one per line; the place of a panic.
    pub details: String,
}

impl JobError {
    /// Tries again later, with this text as the error.
    pub fn retry(message: impl fmt::Display) -> Self {
        Self::Retry(ErrorReport::of_text(message))
    }

    /// Tries again after `delay` instead of after the policy's delay: for who was told when to come
    /// back, as by HTTP's `Retry-After`. It uses up an attempt.
    pub fn retry_after(delay: Duration, message: impl fmt::Display) -> Self {
        Self::RetryAfter(ErrorReport::of_text(message), delay)
    }

    /// Gives up at once, with this text as the error.
    pub fn fail(message: impl fmt::Display) -> Self {
        Self::Fail(ErrorReport::of_text(message))
    }

    /// Runs again after `delay` without using up an attempt.
    pub const fn snooze(delay: Duration) -> Self {
        Self::Snooze(delay)
    }
}

impl<E: std::error::Error> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::Retry(ErrorReport::of_error(&error))
    }
}

impl ErrorReport {
    fn of_text(message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Self {
            kind: "error".to_owned(),
            details: message.clone(),
            message,
        }
    }

    fn of_error<E: std::error::Error>(error: &E) -> Self {
        let mut details = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            details.push_str("\ncaused by: ");
            details.push_str(&cause.to_string());
            source = cause.source();
        }

        Self {
            kind: std::any::type_name::<E>().to_owned(),
            message: error.to_string(),
            details,
        }
    }
}
