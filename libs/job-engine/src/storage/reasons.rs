//! What a job's history says of changes that no caller gave a reason for.

/// A `Scheduled` job's time has come.
pub const DUE: &str = "Its time has come";

/// The job was taken over from a server that is dead.
pub const SERVER_DIED: &str = "The server that ran it died";

/// The job was given back by a server that retired.
pub const SERVER_STOPPED: &str = "The server that held it stopped";

/// The claim's answer never reached the server.
pub const CLAIM_LOST: &str = "The claim did not reach its server";

/// All that the job waited for has ended as it had to.
pub const PARENTS_ENDED: &str = "What it waited for has ended";

/// Something that the job waited for was deleted.
pub const CONDITION_NOT_MET: &str = "Continuation condition was not met";

/// A job under the same key took its place.
pub const REPLACED: &str = "Replaced by a newer job under the same key";
