use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;

use super::indexes::Line;
use super::record::Record;
use super::search::meets;
use super::{MemoryStorage, Tables};
use crate::state::State;
use crate::storage::{
    Counts, Cursor, ErrorGroup, JobDetails, JobId, JobQuery, JobSummary, Limited, LogLine, Monitor,
    Page, Progress, QueueSummary, Resolution, ServerSummary, StorageError, Throughput,
};

impl Tables {
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for job in self.jobs.values() {
            counts.retries += u64::from(job.is_retry());
            *match job.state {
                State::Enqueued => &mut counts.enqueued,
                State::Scheduled => &mut counts.scheduled,
                State::Awaiting => &mut counts.awaiting,
                State::Processing => &mut counts.processing,
                State::Succeeded => &mut counts.succeeded,
                State::Failed => &mut counts.failed,
                State::Deleted => &mut counts.deleted,
            } += 1;
        }
        counts
    }

    pub(super) fn page(&self, query: &JobQuery) -> Page {
        let limit = query.rows();
        let mut matching: Vec<(JobId, &Record)> = self
            .jobs
            .iter()
            .map(|(id, job)| (*id, job))
            .filter(|(id, job)| matches(query, *id, job))
            .collect();
        matching.sort_unstable_by_key(|(id, job)| std::cmp::Reverse((job.changed_at, *id)));

        let jobs: Vec<JobSummary> = matching
            .iter()
            .take(limit)
            .map(|(id, job)| job.summary(*id))
            .collect();
        let next = jobs
            .last()
            .filter(|_| matching.len() > limit)
            .map(|last| Cursor {
                changed_at: last.changed_at,
                id: last.id,
            });
        Page { jobs, next }
    }

    pub(super) fn count(&self, query: &JobQuery, most: u64) -> u64 {
        let query = JobQuery {
            after: None,
            ..query.clone()
        };
        let matching = self
            .jobs
            .iter()
            .filter(|(id, job)| matches(&query, **id, job));
        (matching.count() as u64).min(most)
    }

    pub(super) fn queue_summaries(&self) -> Vec<QueueSummary> {
        let names: BTreeSet<&String> = self
            .indexes
            .waiting
            .keys()
            .chain(self.pauses.keys())
            .chain(self.limits.keys().filter_map(Limited::queue))
            .collect();
        names
            .into_iter()
            .map(|name| self.queue_summary(name))
            .collect()
    }

    pub(super) fn server_summaries(&self) -> Vec<ServerSummary> {
        let mut servers: Vec<ServerSummary> = self
            .servers
            .iter()
            .map(|(id, server)| ServerSummary {
                id: *id,
                name: server.announcement.name.clone(),
                queues: server.announcement.queues.clone(),
                kinds: server.announcement.kinds.clone(),
                workers: u32::try_from(server.announcement.workers).unwrap_or(u32::MAX),
                order: server.order,
                processing: self.indexes.held_by(*id).len() as u64,
                started_at: server.started_at,
                heartbeat_at: server.heartbeat_at,
            })
            .collect();
        servers.sort_unstable_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        servers
    }

    fn queue_summary(&self, name: &str) -> QueueSummary {
        let line = self.indexes.waiting.get(name);
        let waiting = || line.into_iter().flat_map(Line::values).flatten();
        let is_processing = |job: &&Record| job.state == State::Processing && job.queue == name;
        QueueSummary {
            name: name.to_owned(),
            enqueued: waiting().count() as u64,
            processing: self.jobs.values().filter(is_processing).count() as u64,
            oldest_enqueued_at: waiting().map(|(_, id)| self.jobs[id].changed_at).min(),
            paused: self.pauses.get(name).cloned(),
            limit: self.limits.get(&Limited::Queue(name.to_owned())).copied(),
        }
    }
}

fn matches(query: &JobQuery, id: JobId, job: &Record) -> bool {
    query.state.is_none_or(|state| state == job.state)
        && (!query.retries_only || job.is_retry())
        && query.queue.as_ref().is_none_or(|queue| *queue == job.queue)
        && query.kind.as_ref().is_none_or(|kind| *kind == job.kind)
        && query
            .conditions
            .iter()
            .all(|condition| meets(condition, id, job))
        && query
            .after
            .is_none_or(|after| (job.changed_at, id) < (after.changed_at, after.id))
}

#[async_trait]
impl Monitor for MemoryStorage {
    async fn counts(&self) -> Result<Counts, StorageError> {
        Ok(self.tables().counts())
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Page, StorageError> {
        Ok(self.tables().page(query))
    }

    async fn count(&self, query: &JobQuery, most: u64) -> Result<u64, StorageError> {
        Ok(self.tables().count(query, most))
    }

    async fn job(&self, id: JobId) -> Result<Option<JobDetails>, StorageError> {
        Ok(self.tables().details(id))
    }

    async fn progress(&self, id: JobId) -> Result<Option<Progress>, StorageError> {
        Ok(self.tables().jobs.get(&id).and_then(|job| job.progress))
    }

    async fn log(&self, id: JobId, after: u64, limit: usize) -> Result<Vec<LogLine>, StorageError> {
        let log = self.tables();
        let log = log.jobs.get(&id).map(|job| job.log(after, limit));
        Ok(log.unwrap_or_default())
    }

    async fn queues(&self) -> Result<Vec<QueueSummary>, StorageError> {
        Ok(self.tables().queue_summaries())
    }

    async fn throughput(
        &self,
        resolution: Resolution,
        since: Timestamp,
    ) -> Result<Vec<Throughput>, StorageError> {
        Ok(self.tables().throughput(resolution, since))
    }

    async fn error_groups(&self, limit: usize) -> Result<Vec<ErrorGroup>, StorageError> {
        Ok(self.tables().error_groups(limit))
    }

    async fn servers(&self) -> Result<Vec<ServerSummary>, StorageError> {
        Ok(self.tables().server_summaries())
    }
}
