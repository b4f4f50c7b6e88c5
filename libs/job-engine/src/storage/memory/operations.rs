use async_trait::async_trait;
use jiff::Timestamp;

use super::{MemoryStorage, Tables};
use crate::storage::{
    Commanded, Cursor, JobQuery, NewOperation, Operation, OperationId, OperationStatus, Operations,
    Storage, StorageError, Test, TimeRange,
};

/// An operation that is stored, and where it goes on.
#[derive(Debug)]
pub(super) struct OperationRecord {
    pub(super) shown: Operation,
    query: JobQuery,
    after: Option<Cursor>,
}

impl Tables {
    pub(super) fn begin_operation(&mut self, new: &NewOperation, now: Timestamp) {
        let shown = Operation {
            id: new.id,
            command: new.command,
            words: new.words.clone(),
            actor: new.actor.clone(),
            reason: new.reason.clone(),
            total: new.total,
            done: 0,
            skipped: 0,
            status: OperationStatus::Running,
            started_at: now,
            ended_at: None,
        };
        let record = OperationRecord {
            shown,
            query: new.query.clone(),
            after: None,
        };
        self.operations.insert(new.id, record);
    }

    pub(super) fn newest_operations(&self, limit: usize) -> Vec<Operation> {
        let newest = self.operations.values().rev().take(limit);
        newest.map(|record| record.shown.clone()).collect()
    }

    pub(super) fn stop_operation(&mut self, id: OperationId, now: Timestamp) -> bool {
        let Some(record) = self.operations.get_mut(&id) else {
            return false;
        };
        let was_running = record.shown.status == OperationStatus::Running;
        if was_running {
            record.shown.status = OperationStatus::Stopped;
            record.shown.ended_at = Some(now);
        }
        was_running
    }

    pub(super) fn advance_operation(&mut self, limit: usize, now: Timestamp) -> Option<usize> {
        let is_running =
            |record: &&OperationRecord| record.shown.status == OperationStatus::Running;
        let record = self.operations.values().find(is_running)?;
        let (id, command) = (record.shown.id, record.shown.command);
        let reason = record.shown.reason.clone();
        let page = self.page(&record.next_piece(limit));

        let commanded = page
            .jobs
            .iter()
            .map(|job| self.command(job.id, command, &reason, now));
        let done = commanded
            .filter(|answer| *answer == Commanded::Done)
            .count();
        self.spread_news(now);
        let record = self.operations.get_mut(&id)?;
        record.shown.done += done as u64;
        record.shown.skipped += (page.jobs.len() - done) as u64;
        record.after = page.next;
        if page.next.is_none() {
            record.shown.status = OperationStatus::Finished;
            record.shown.ended_at = Some(now);
        }
        Some(page.jobs.len())
    }
}

impl OperationRecord {
    fn next_piece(&self, limit: usize) -> JobQuery {
        let mut query = JobQuery {
            after: self.after,
            limit,
            ..self.query.clone()
        };
        let before_it_began = TimeRange {
            from: None,
            until: Some(self.shown.started_at),
        };
        query
            .conditions
            .push(Test::Changed(before_it_began).holds());
        query
    }
}

#[async_trait]
impl Operations for MemoryStorage {
    async fn begin_operation(&self, new: &NewOperation) -> Result<(), StorageError> {
        self.tables().begin_operation(new, self.clock.now());
        self.operation_begun.notify_one();
        Ok(())
    }

    async fn operations(&self, limit: usize) -> Result<Vec<Operation>, StorageError> {
        Ok(self.tables().newest_operations(limit))
    }

    async fn operation(&self, id: OperationId) -> Result<Option<Operation>, StorageError> {
        let tables = self.tables();
        Ok(tables
            .operations
            .get(&id)
            .map(|record| record.shown.clone()))
    }

    async fn stop_operation(&self, id: OperationId) -> Result<bool, StorageError> {
        Ok(self.tables().stop_operation(id, self.clock.now()))
    }

    async fn advance_operation(&self, limit: usize) -> Result<Option<usize>, StorageError> {
        let looked_at = self.tables().advance_operation(limit, self.clock.now());
        self.announce_revoked();
        if looked_at.is_some() {
            self.announce_enqueued();
        }
        Ok(looked_at)
    }

    async fn operation_begun(&self) {
        self.operation_begun.notified().await;
    }
}
