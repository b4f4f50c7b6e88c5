use std::collections::HashSet;

use jiff::Timestamp;

use super::Tables;
use crate::storage::{
    Heartbeat, Lease, Rescued, ServerAnnouncement, ServerId, ServerOrder, reasons,
};

/// A server that announced itself.
#[derive(Debug)]
pub(super) struct ServerRecord {
    pub(super) announcement: ServerAnnouncement,
    pub(super) started_at: Timestamp,
    pub(super) heartbeat_at: Timestamp,
    pub(super) order: Option<ServerOrder>,
}

impl Tables {
    pub(super) fn announce(&mut self, server: &ServerAnnouncement, now: Timestamp) {
        let record = ServerRecord {
            announcement: server.clone(),
            started_at: now,
            heartbeat_at: now,
            order: None,
        };
        self.servers.insert(server.id, record);
    }

    pub(super) fn heartbeat(
        &mut self,
        server: ServerId,
        leases: &[Lease],
        now: Timestamp,
    ) -> Heartbeat {
        let Some(record) = self.servers.get_mut(&server) else {
            return Heartbeat::Gone;
        };
        record.heartbeat_at = now;
        let order = record.order;

        let is_held = |lease: &Lease| {
            let job = self.jobs.get(&lease.job);
            job.is_some_and(|job| job.is_held(lease.epoch))
        };
        Heartbeat::Alive {
            lost: leases
                .iter()
                .filter(|lease| !is_held(lease))
                .copied()
                .collect(),
            order,
        }
    }

    pub(super) fn order_server(&mut self, server: ServerId, order: Option<ServerOrder>) -> bool {
        let Some(record) = self.servers.get_mut(&server) else {
            return false;
        };
        if record.order == order || record.order == Some(ServerOrder::Stop) {
            return false;
        }
        record.order = order;
        true
    }

    pub(super) fn retire(&mut self, server: ServerId, now: Timestamp) {
        self.servers.remove(&server);
        for id in self.indexes.held_by(server) {
            self.change(id, |job| job.give_back(reasons::SERVER_STOPPED, now));
        }
        self.indexes.held.remove(&server);
    }

    pub(super) fn give_back_except(
        &mut self,
        server: ServerId,
        held: &[Lease],
        now: Timestamp,
    ) -> usize {
        let held: HashSet<Lease> = held.iter().copied().collect();
        let mut lost = self.indexes.held_by(server);
        lost.retain(|id| !held.contains(&self.jobs[id].lease(*id)));
        for &id in &lost {
            self.change(id, |job| job.give_back(reasons::CLAIM_LOST, now));
        }
        lost.len()
    }

    pub(super) fn rescue(&mut self, last_sign: Timestamp, now: Timestamp) -> Rescued {
        let mut servers: Vec<ServerId> = self
            .servers
            .iter()
            .filter(|(_, server)| server.heartbeat_at <= last_sign)
            .map(|(id, _)| *id)
            .collect();
        servers.sort_unstable();

        let mut jobs = Vec::new();
        for server in &servers {
            self.revocations += 1;
            self.servers.remove(server);
            for id in self.indexes.held_by(*server) {
                self.change(id, |job| job.rescue(now));
                jobs.push(id);
            }
            self.indexes.held.remove(server);
        }
        Rescued { servers, jobs }
    }
}
