//! What storages look at before they store jobs that are not plain.

use std::collections::{HashMap, HashSet};
use std::io;

use super::{JobId, StorageError};
use crate::continuation::Parent;
use crate::new_job::NewJob;
use crate::unique::Duplicate;

/// Refuses jobs that would wait for themselves: what a job continues stands before it, and is not
/// the batch that it is of.
pub fn check_order(jobs: &[NewJob]) -> Result<(), StorageError> {
    let mut later: HashSet<JobId> = jobs.iter().map(|job| job.id).collect();
    for job in jobs {
        let parents = job.continuation.iter().flat_map(|it| &it.parents);
        for parent in parents {
            let waits_for_itself = match parent {
                Parent::Job(parent) => later.contains(parent),
                Parent::Batch(parent) => job.batch == Some(*parent),
            };
            if waits_for_itself {
                return Err(refused(format!(
                    "the job {} would wait for itself: what it continues must stand before it",
                    job.id
                )));
            }
        }
        later.remove(&job.id);
    }
    Ok(())
}

/// Those that come second under a key within these jobs.
pub fn repeated_keys(jobs: &[NewJob]) -> Vec<Duplicate> {
    let mut holders = HashMap::new();
    let mut duplicates = Vec::new();
    for job in jobs {
        let Some(unique) = &job.unique else { continue };
        let holder = *holders.entry((&job.kind, &unique.key)).or_insert(job.id);
        if holder != job.id {
            duplicates.push(Duplicate {
                job: job.id,
                of: holder,
            });
        }
    }
    duplicates
}

/// The jobs but for the duplicates.
pub fn without<'a>(jobs: &'a [NewJob], duplicates: &[Duplicate]) -> Vec<&'a NewJob> {
    let is_duplicate = |job: &&NewJob| duplicates.iter().any(|it| it.job == job.id);
    jobs.iter().filter(|job| !is_duplicate(job)).collect()
}

/// For jobs that cannot be stored as they are.
pub fn refused(why: impl Into<String>) -> StorageError {
    StorageError::unavailable(io::Error::other(why.into()))
}
