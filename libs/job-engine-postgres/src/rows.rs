//! Jobs as a statement takes them, column by column.

use jiff::Timestamp;
use job_engine::{Continuation, Due, NewJob};
use uuid::Uuid;

use crate::convert::{array, delay_micros, later_version};

/// Of jobs that may run now.
#[derive(Default)]
pub(crate) struct Rows<'a> {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) kinds: Vec<&'a str>,
    pub(crate) queues: Vec<&'a str>,
    pub(crate) priorities: Vec<i16>,
    pub(crate) arguments: Vec<&'a str>,
    pub(crate) tenants: Vec<Option<&'a str>>,
    /// As PostgreSQL writes arrays, for an array of arrays must be rectangular.
    pub(crate) tags: Vec<Option<String>>,
    pub(crate) versions: Vec<Option<i32>>,
    pub(crate) traces: Vec<Option<&'a str>>,
    pub(crate) limit_keys: Vec<Option<&'a str>>,
    pub(crate) batches: Vec<Option<Uuid>>,
}

#[derive(Default)]
pub(crate) struct LaterRows<'a> {
    pub(crate) rows: Rows<'a>,
    pub(crate) delays: Vec<Option<i64>>,
    pub(crate) times: Vec<Option<i64>>,
}

/// Jobs by the statement that stores them.
#[derive(Default)]
pub(crate) struct Sorted<'a> {
    pub(crate) now: Rows<'a>,
    pub(crate) later: LaterRows<'a>,
    pub(crate) awaiting: AwaitingRows<'a>,
}

#[derive(Default)]
pub(crate) struct AwaitingRows<'a> {
    pub(crate) later: LaterRows<'a>,
    pub(crate) continue_on: Vec<&'static str>,
    pub(crate) reasons: Vec<String>,
}

impl<'a> Sorted<'a> {
    pub(crate) fn of(jobs: impl IntoIterator<Item = &'a NewJob>) -> Self {
        let mut sorted = Self::default();
        for job in jobs {
            match (&job.continuation, job.due) {
                (Some(continuation), _) => sorted.awaiting.push(job, continuation),
                (None, Due::Now) => sorted.now.push(job),
                (None, _) => sorted.later.push(job),
            }
        }
        sorted
    }
}

impl<'a> AwaitingRows<'a> {
    fn push(&mut self, job: &'a NewJob, continuation: &Continuation) {
        self.later.push(job);
        self.continue_on.push(continuation.on.name());
        self.reasons.push(continuation.reason());
    }
}

impl<'a> Rows<'a> {
    fn push(&mut self, job: &'a NewJob) {
        self.ids.push(job.id.0);
        self.kinds.push(&job.kind);
        self.queues.push(&job.queue);
        self.priorities.push(job.priority);
        self.arguments.push(&job.arguments);
        self.tenants.push(job.tenant.as_deref());
        self.tags.push(array(&job.tags));
        self.versions.push(later_version(job.version));
        self.traces.push(job.trace.as_deref());
        self.limit_keys.push(job.limit_key.as_deref());
        self.batches.push(job.batch.map(|batch| batch.0));
    }
}

impl<'a> LaterRows<'a> {
    fn push(&mut self, job: &'a NewJob) {
        let (delay, time) = match job.due {
            Due::Now => (None, None),
            Due::After(delay) => (Some(delay_micros(delay)), None),
            Due::At(time) => (None, Some(Timestamp::as_microsecond(time))),
        };
        self.rows.push(job);
        self.delays.push(delay);
        self.times.push(time);
    }
}

/// The lowest and the highest of the ids.
pub(crate) fn range(ids: &[Uuid]) -> (Uuid, Uuid) {
    let lowest = ids.iter().min().copied().unwrap_or_default();
    let highest = ids.iter().max().copied().unwrap_or_default();
    (lowest, highest)
}
