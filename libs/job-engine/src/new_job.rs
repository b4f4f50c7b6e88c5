use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::batch::BatchId;
use crate::continuation::{Continuation, ContinueOn, Parent};
use crate::job::Job;
use crate::storage::JobId;
use crate::unique::Unique;

/// A job that is about to be stored: what [`Client`](crate::Client) and the storages' `enqueue`
/// functions take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewJob {
    /// Made here, so that who enqueues knows it before the transaction commits.
    pub id: JobId,
    /// The job's [`NAME`](Job::NAME).
    pub kind: String,
    /// Default: the job's [`QUEUE`](Job::QUEUE).
    pub queue: String,
    /// Higher runs first within a queue. Default 0.
    pub priority: i16,
    /// The job itself as JSON text.
    pub arguments: String,
    /// The version of the arguments. Default: the job's [`VERSION`](Job::VERSION).
    pub version: u32,
    /// When it may run. Default: now.
    pub due: Due,
    /// Whose job it is, where an application serves many. Default: nobody's.
    pub tenant: Option<String>,
    /// Words under which people look for it.
    pub tags: Vec<String>,
    /// What its limit is counted by, over all queues: see [`limited_by`](Self::limited_by). Default:
    /// the job's [`limit_key`](Job::limit_key).
    pub limit_key: Option<String>,
    /// What it waits for. Default: nothing. `due` counts from then on.
    pub continuation: Option<Continuation>,
    /// The batch that it is of. Default: none.
    pub batch: Option<BatchId>,
    /// The key that it holds alone. Default: none.
    pub unique: Option<Unique>,
    /// The trace in which it was enqueued, as W3C's `traceparent` writes it: its runs join it.
    /// Default: none. A [`TraceFilter`](crate::trace::TraceFilter) sets it.
    #[serde(default)]
    pub trace: Option<String>,
}

/// When a job may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Due {
    /// As soon as a worker is free.
    Now,
    /// After this long, by the storage's clock.
    After(Duration),
    /// At this time, by the storage's clock.
    At(Timestamp),
}

/// The job cannot be stored as it is.
#[derive(Debug, thiserror::Error)]
pub enum NewJobError {
    /// Its `Serialize` refuses, for example because of a map whose keys are no strings.
    #[error("the job `{kind}` cannot be written as JSON: {source}")]
    NotJson {
        /// Of which kind the job is.
        kind: &'static str,
        /// What `Serialize` said.
        source: serde_json::Error,
    },
    /// It carries more than a job should.
    #[error(
        "the job `{kind}` has {bytes} bytes of arguments; at most 262144 are stored. Pass an id instead of the thing itself"
    )]
    TooLarge {
        /// Of which kind the job is.
        kind: &'static str,
        /// How many it would take.
        bytes: usize,
    },
    /// A tenant is told by an id or a short name.
    #[error("a job's tenant is {0}; give 1 to 100 bytes without control characters")]
    Tenant(Unfit),
    /// A tag is a word or two.
    #[error("a tag of a job is {0}; give 1 to 100 bytes without control characters")]
    Tag(Unfit),
    /// Tags are for finding jobs, not for keeping what belongs into the arguments.
    #[error("a job has {0} tags; give at most 20")]
    TooManyTags(usize),
    /// A key is told by an id or a short name.
    #[error("a job's limit key is {0}; give 1 to 100 bytes without control characters")]
    LimitKey(Unfit),
    /// It would wait for ever or not at all.
    #[error("a job continues {0} others; give 1 to 1000, or put them into a batch")]
    Parents(usize),
    /// A key names one thing of a kind.
    #[error("a job's key is {0}; give 1 to 200 bytes without control characters")]
    Key(Unfit),
    /// It would never be held.
    #[error("a job holds its key in no state and for no time; say `while_in` or `within`")]
    KeyNeverHeld,
}

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("empty")]
    /// It has no bytes.
    Empty,
    #[error("{0} bytes long")]
    /// It has so many bytes, which are too many.
    TooLong(usize),
    #[error("made of more than text")]
    /// It has a control character, for example a line break.
    ControlCharacter,
}

impl NewJob {
    /// The most that a job's arguments may take as JSON, in bytes.
    pub const MAX_ARGUMENTS_BYTES: usize = 256 * 1024;

    /// How many tags a job may have.
    pub const MAX_TAGS: usize = 20;

    /// How many others a job may continue.
    pub const MAX_PARENTS: usize = 1000;

    /// The most that a tenant, a tag or a limit key may take, in bytes.
    pub const MAX_NAME_BYTES: usize = 100;

    /// The job, to run at once in its own queue.
    pub fn of<J: Job>(job: &J) -> Result<Self, NewJobError> {
        let arguments = serde_json::to_string(job).map_err(|source| NewJobError::NotJson {
            kind: J::NAME,
            source,
        })?;
        if arguments.len() > Self::MAX_ARGUMENTS_BYTES {
            return Err(NewJobError::TooLarge {
                kind: J::NAME,
                bytes: arguments.len(),
            });
        }

        let new = Self {
            version: J::VERSION,
            ..Self::of_kind(J::NAME, arguments).in_queue(J::QUEUE)
        };
        match job.limit_key() {
            Some(key) => new.limited_by(key),
            None => Ok(new),
        }
    }

    /// A job whose type this program does not have: another one runs it. To run at once in the
    /// queue `default`; `arguments` is JSON text of version 1.
    pub fn of_kind(kind: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self {
            id: JobId::random(),
            kind: kind.into(),
            queue: "default".to_owned(),
            priority: 0,
            arguments: arguments.into(),
            version: 1,
            due: Due::Now,
            tenant: None,
            tags: Vec::new(),
            limit_key: None,
            continuation: None,
            batch: None,
            unique: None,
            trace: None,
        }
    }

    /// Runs it in this queue instead of the job's own.
    pub fn in_queue(mut self, queue: impl Into<String>) -> Self {
        self.queue = queue.into();
        self
    }

    /// Lets it go before (higher) or after (lower) others of its queue.
    pub fn with_priority(mut self, priority: i16) -> Self {
        self.priority = priority;
        self
    }

    /// Runs it after this long.
    pub fn after(mut self, delay: Duration) -> Self {
        self.due = Due::After(delay);
        self
    }

    /// Runs it at this time.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.due = Due::At(time);
        self
    }

    /// Says whose job it is.
    pub fn for_tenant(mut self, tenant: impl Into<String>) -> Result<Self, NewJobError> {
        let tenant = tenant.into();
        fit(&tenant, Self::MAX_NAME_BYTES).map_err(NewJobError::Tenant)?;
        self.tenant = Some(tenant);
        Ok(self)
    }

    /// Lets it run only together with as many others of this key as the key's limit allows; without
    /// a limit, that is one at a time. A key with a slash, as in `exports/acme`, has the limit of its
    /// group `exports`, each key for itself. Limits are set with
    /// [`Client::keys`](crate::Client::keys).
    pub fn limited_by(mut self, key: impl Into<String>) -> Result<Self, NewJobError> {
        let key = key.into();
        fit(&key, Self::MAX_NAME_BYTES).map_err(NewJobError::LimitKey)?;
        self.limit_key = Some(key);
        Ok(self)
    }

    /// Adds words under which people look for it; a tag that it has already is added once.
    pub fn tagged<T: Into<String>>(
        mut self,
        tags: impl IntoIterator<Item = T>,
    ) -> Result<Self, NewJobError> {
        for tag in tags.into_iter().map(Into::into) {
            fit(&tag, Self::MAX_NAME_BYTES).map_err(NewJobError::Tag)?;
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
        match self.tags.len() {
            ..=Self::MAX_TAGS => Ok(self),
            many => Err(NewJobError::TooManyTags(many)),
        }
    }

    /// Runs it after these jobs or batches, once all of them have ended like this. They must be
    /// stored by then, or stand before it in the same transaction.
    pub fn continuing<P: Into<Parent>>(
        mut self,
        parents: impl IntoIterator<Item = P>,
        on: ContinueOn,
    ) -> Result<Self, NewJobError> {
        let mut parents: Vec<Parent> = parents.into_iter().map(Into::into).collect();
        parents.sort_unstable();
        parents.dedup();
        if parents.is_empty() || parents.len() > Self::MAX_PARENTS {
            return Err(NewJobError::Parents(parents.len()));
        }

        self.continuation = Some(Continuation { parents, on });
        Ok(self)
    }

    /// Makes it one of this batch, which exists from its first job on and must not have ended.
    pub fn in_batch(mut self, batch: BatchId) -> Self {
        self.batch = Some(batch);
        self
    }

    /// Lets no other job of its kind be stored under this key.
    pub fn unique(mut self, unique: Unique) -> Result<Self, NewJobError> {
        fit(&unique.key, Unique::MAX_KEY_BYTES).map_err(NewJobError::Key)?;
        if unique.states.is_empty() && unique.within.is_none() {
            return Err(NewJobError::KeyNeverHeld);
        }
        self.unique = Some(unique);
        Ok(self)
    }

    /// Whether it has nothing that storages must look up before they store it.
    pub const fn is_plain(&self) -> bool {
        self.continuation.is_none() && self.batch.is_none() && self.unique.is_none()
    }
}

fn fit(name: &str, max_bytes: usize) -> Result<(), Unfit> {
    if name.is_empty() {
        return Err(Unfit::Empty);
    }
    if name.len() > max_bytes {
        return Err(Unfit::TooLong(name.len()));
    }
    if name.chars().any(char::is_control) {
        return Err(Unfit::ControlCharacter);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> NewJob {
        NewJob::of_kind("send", "{}")
    }

    #[test]
    fn a_tenant_is_a_short_text() {
        let refused = [String::new(), "x".repeat(101), "a\0b".to_owned()];

        for tenant in refused {
            assert!(matches!(
                job().for_tenant(tenant),
                Err(NewJobError::Tenant(_))
            ));
        }
        let longest = job().for_tenant("x".repeat(100)).expect("100 bytes fit");
        assert_eq!(longest.tenant.map(|tenant| tenant.len()), Some(100));
    }

    #[test]
    fn a_tag_is_kept_once() {
        let tagged = job().tagged(["vip", "import", "vip"]).expect("tags fit");

        assert_eq!(tagged.tags, ["vip", "import"]);
    }

    #[test]
    fn a_job_continues_at_least_one_other() {
        let none: [JobId; 0] = [];
        let many = (0..1001).map(|_| JobId::random());

        assert!(job().continuing(none, ContinueOn::Success).is_err());
        assert!(job().continuing(many, ContinueOn::Success).is_err());
        let parent = JobId::random();
        let twice = job().continuing([parent, parent], ContinueOn::AnyEnd);
        let continuation = twice.expect("it has a parent").continuation;
        assert_eq!(continuation.map(|it| it.parents.len()), Some(1));
    }

    #[test]
    fn a_key_is_held_in_some_state_or_for_some_time() {
        let never = Unique::by("a").while_in([]);

        assert!(matches!(
            job().unique(never.clone()),
            Err(NewJobError::KeyNeverHeld)
        ));
        assert!(job().unique(never.within(Duration::from_secs(1))).is_ok());
        let long = Unique::by("x".repeat(201));
        assert!(matches!(job().unique(long), Err(NewJobError::Key(_))));
    }

    #[test]
    fn twenty_tags_are_the_most() {
        let tags = |count: usize| (0..count).map(|tag| tag.to_string());

        assert!(job().tagged(tags(20)).is_ok());
        let refused = job().tagged(tags(21)).expect_err("these are too many");
        assert_eq!(refused.to_string(), "a job has 21 tags; give at most 20");
        assert!(matches!(
            job().tagged([""]),
            Err(NewJobError::Tag(Unfit::Empty))
        ));
    }
}
