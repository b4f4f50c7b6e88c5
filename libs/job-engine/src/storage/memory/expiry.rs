use jiff::Timestamp;

use super::record::Record;
use super::{Tables, clock};
use crate::retention::Retention;
use crate::storage::JobId;

impl Tables {
    pub(super) fn set_retentions(&mut self, kinds: &[(String, Option<Retention>)]) {
        for (kind, retention) in kinds {
            match retention {
                Some(own) => self.retentions.insert(kind.clone(), *own),
                None => self.retentions.remove(kind),
            };
        }
    }

    pub(super) fn remove_expired(
        &mut self,
        general: Retention,
        limit: usize,
        now: Timestamp,
    ) -> usize {
        let expired: Vec<(Timestamp, JobId)> = self
            .indexes
            .expiring
            .iter()
            .filter(|(ended_at, id)| *ended_at <= self.kept_since(&self.jobs[id], general, now))
            .take(limit)
            .copied()
            .collect();
        for entry in &expired {
            self.indexes.expiring.remove(entry);
            if let Some(job) = self.jobs.remove(&entry.1) {
                self.recurring.job_expires(entry.1, &job);
                self.family.job_expires(entry.1);
            }
        }

        self.forget_keys(now);
        let before = clock::earlier(now, general.longest());
        self.batches.retain(|_, batch| {
            batch.failed > 0 || batch.ended_at.is_none_or(|ended_at| before < ended_at)
        });
        expired.len()
    }

    /// Jobs like this one that ended after this time are kept.
    fn kept_since(&self, job: &Record, general: Retention, now: Timestamp) -> Timestamp {
        let own = self.retentions.get(&job.kind).copied();
        let time = own.unwrap_or(general).in_state(job.state);
        time.map_or(Timestamp::MIN, |time| clock::earlier(now, time))
    }
}
