use job_engine::State;
use job_engine::storage::JobId;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// It was acknowledged and is not there.
    Lost(JobId),
    /// It was acknowledged and has not come to an end.
    Unfinished(JobId, State),
    /// Some jobs of a transaction are there and some are not.
    Torn(Vec<JobId>),
    /// It was rolled back and is there.
    StoredAgainstItsRollback(JobId),
    /// It was rolled back and ran.
    RanAgainstItsRollback(JobId),
    /// Nobody enqueued it.
    Invented(JobId),
    /// It ended, and the run that ended it is not written down to its end.
    EndedWithoutARun(JobId),
    /// It succeeded, and the work was not done by the run that said so.
    SucceededWithoutItsEffect(JobId),
    /// Two runs had one lease, so one of them could speak for the other.
    SharedLease(JobId, i64),
    /// It ran under a claim of which its history does not tell.
    UntoldRun(JobId, i64),
    /// It ran twice at the same time, and nothing had happened to the first process.
    Overlapped(JobId, i64, i64),
    /// Its history goes from one state to another that may not follow, or beyond an end.
    ImpossibleHistory(JobId, State, State),
    /// When this job began, more jobs of its queue ran than may: so many.
    LimitExceeded(String, JobId, usize),
    /// When this job began, as many of its queue had begun within the period of its rate as may.
    RateExceeded(String, JobId),
    /// An occurrence of a recurring job made two jobs.
    OccurredTwice(String, i64),
    /// An occurrence of a recurring job made none.
    LeftOut(String, i64),
    /// The storage counts so many jobs in a state, and has so many.
    Miscounted(State, u64, u64),
}
