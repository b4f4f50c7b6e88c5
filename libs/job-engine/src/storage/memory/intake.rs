use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::Tables;
use super::keys::Wanted;
use super::record::Record;
use crate::new_job::NewJob;
use crate::storage::check::{check_order, refused, repeated_keys, without};
use crate::storage::{BatchProgress, JobId, StorageError, reasons};
use crate::unique::Duplicate;

impl Tables {
    pub(super) fn enqueue(
        &mut self,
        jobs: &[NewJob],
        now: Timestamp,
    ) -> Result<Vec<Duplicate>, StorageError> {
        check_order(jobs)?;
        let (duplicates, replaced) = self.look_at_keys(jobs, now);
        let jobs = without(jobs, &duplicates);
        self.check_ids(&jobs)?;
        self.check_relations(&jobs)?;

        for job in replaced {
            self.change(job, |job| job.delete(reasons::REPLACED, now));
        }
        for job in &jobs {
            self.store(job, now);
        }
        for job in &jobs {
            self.catch_up(job, now);
        }
        self.spread_news(now);
        Ok(duplicates)
    }

    fn store(&mut self, job: &NewJob, now: Timestamp) {
        let record = Record::enqueued(job, now);
        self.indexes.queue(&job.queue);
        self.indexes.add(job.id, &record);
        self.jobs.insert(job.id, record);
        self.take_key(job, now);
        self.relate(job, now);
    }

    fn check_ids(&self, jobs: &[&NewJob]) -> Result<(), StorageError> {
        let mut ids = HashSet::with_capacity(jobs.len());
        for job in jobs {
            if self.jobs.contains_key(&job.id) || !ids.insert(job.id) {
                return Err(refused(format!("the job {} is stored already", job.id)));
            }
        }
        Ok(())
    }

    /// Which jobs give way to others, and which others give way to them.
    fn look_at_keys(&self, jobs: &[NewJob], now: Timestamp) -> (Vec<Duplicate>, Vec<JobId>) {
        let mut duplicates = repeated_keys(jobs);
        let mut replaced = Vec::new();
        for job in without(jobs, &duplicates) {
            match self.look_for(job, now) {
                Wanted::Free => {}
                Wanted::InsteadOf(holder) => replaced.push(holder),
                Wanted::Held(of) => duplicates.push(Duplicate { job: job.id, of }),
            }
        }
        (duplicates, replaced)
    }

    fn check_relations(&self, jobs: &[&NewJob]) -> Result<(), StorageError> {
        let mut fresh: HashSet<Uuid> = jobs.iter().map(|job| job.id.0).collect();
        fresh.extend(jobs.iter().filter_map(|job| job.batch).map(|batch| batch.0));
        for job in jobs {
            let batch = job.batch.and_then(|batch| self.batches.get(&batch));
            if let Some(ended) = batch.filter(|batch| batch.end().is_some()) {
                return Err(refused(format!("the batch {} has ended", ended.id)));
            }
            let parents = job.continuation.iter().flat_map(|it| &it.parents);
            for parent in parents {
                let id = parent.id();
                let known = fresh.contains(&id)
                    || self.jobs.contains_key(&JobId(id))
                    || self
                        .batches
                        .values()
                        .any(|batch: &BatchProgress| batch.id.0 == id);
                if !known {
                    return Err(refused(format!(
                        "there is no job or batch {id} to wait for"
                    )));
                }
            }
        }
        Ok(())
    }
}
