use std::slice;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{MemoryStorage, Tables};
use crate::storage::{AuditEntry, AuditLog, CarriedOut, Deed, Order, Storage, StorageError};

impl Tables {
    fn carry_out(&mut self, order: &Order, now: Timestamp) -> Result<CarriedOut, StorageError> {
        let changed = match order {
            Order::Enqueue(job) => self.enqueue(slice::from_ref(job), now)?.is_empty(),
            Order::PauseQueue { queue, by, reason } => {
                let is_running = !self.pauses.contains_key(queue);
                if is_running {
                    self.pause_queue(queue, by, reason, now);
                }
                is_running
            }
            Order::ResumeQueue { queue } => self.resume_queue(queue),
            Order::SetLimit { of, limit, seen } => {
                let is_as_seen = seen.is_still(self.limits.get(of).copied());
                if is_as_seen {
                    self.set_limit(of, *limit, now);
                }
                is_as_seen
            }
            Order::RemoveLimit { of, seen } => {
                seen.is_still(self.limits.get(of).copied()) && self.limits.remove(of).is_some()
            }
            Order::OrderServer { server, order } => self.order_server(*server, *order),
            Order::BeginOperation(new) => {
                self.begin_operation(new, now);
                true
            }
            Order::StopOperation(id) => self.stop_operation(*id, now),
            Order::SaveRecurring(record) => self.recurring.save(record, now),
            Order::RemoveRecurring { id } => self.recurring.remove(id),
            Order::AdvanceRecurring(plan) => {
                return Ok(self.advance(slice::from_ref(plan), now)?.pop().into());
            }
        };
        Ok(changed.into())
    }

    pub(super) fn record_deed(&mut self, deed: &Deed, now: Timestamp) {
        self.audit.push(AuditEntry {
            number: self.audit.len() as u64 + 1,
            at: now,
            deed: deed.clone(),
        });
    }

    pub(super) fn audit_before(&self, before: Option<u64>, limit: usize) -> Vec<AuditEntry> {
        let is_before = |entry: &&AuditEntry| before.is_none_or(|before| entry.number < before);
        self.audit
            .iter()
            .rev()
            .filter(is_before)
            .take(limit)
            .cloned()
            .collect()
    }
}

#[async_trait]
impl AuditLog for MemoryStorage {
    async fn carry_out(&self, order: &Order, deed: &Deed) -> Result<CarriedOut, StorageError> {
        let now = self.clock.now();
        let mut tables = self.tables();
        let carried_out = tables.carry_out(order, now)?;
        if !carried_out.is_done() {
            return Ok(carried_out);
        }
        tables.record_deed(deed, now);
        drop(tables);
        match order {
            Order::SaveRecurring(_) => self.announce_recurring(),
            Order::BeginOperation(_) => self.operation_begun.notify_one(),
            _ => {}
        }
        self.announce_enqueued();
        Ok(carried_out)
    }

    async fn record(&self, deed: &Deed) -> Result<(), StorageError> {
        self.tables().record_deed(deed, self.clock.now());
        Ok(())
    }

    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StorageError> {
        Ok(self.tables().audit_before(before, limit))
    }
}
