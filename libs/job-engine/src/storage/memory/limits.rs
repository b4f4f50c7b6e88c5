use jiff::Timestamp;

use super::Tables;
use crate::storage::Pause;

impl Tables {
    pub(super) fn pause_queue(&mut self, queue: &str, by: &str, reason: &str, now: Timestamp) {
        let before = self.pauses.get(queue);
        let pause = Pause {
            by: by.to_owned(),
            reason: reason.to_owned(),
            since: before.map_or(now, |pause| pause.since),
        };
        self.pauses.insert(queue.to_owned(), pause);
    }

    pub(super) fn resume_queue(&mut self, queue: &str) -> bool {
        self.pauses.remove(queue).is_some()
    }
}
