//! Workers that are killed at a place of their own.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::time::timeout;

use super::{Crew, PATIENCE, Word, Worker};
use crate::crash_point::{CrashPoint, Statement};

/// How long a worker may take on its way into a trap before it is led there again.
const MOMENT: Duration = Duration::from_secs(3);

const SIGKILL: i32 = 9;

impl Crew {
    /// Kills this worker when it comes to this place, and waits for that. If it dies before, the
    /// next one has to come there.
    pub(crate) async fn trap(&mut self, place: usize, point: CrashPoint) {
        let mut worker = self.workers.remove(place);
        loop {
            worker.set_trap(point).await;
            let led = timeout(PATIENCE, self.lead(&mut worker, point.statement)).await;
            let ended = led.unwrap_or_else(|_| panic!("nobody came to {point:?}"));
            self.hire_one().await;
            if worker.fell_into_the_trap(ended) {
                return self.recover().await;
            }
            worker = self.workers.pop().expect("one was hired");
        }
    }

    /// Makes the worker run this statement, if it would not do so by itself, until it ends.
    async fn lead(&mut self, worker: &mut Worker, to: Statement) -> ExitStatus {
        loop {
            match to {
                Statement::Retire => worker.signal("TERM").await,
                Statement::Rescue => self.leave_a_dead_one_to_it().await,
                _ => {}
            }
            if let Ok(ended) = timeout(MOMENT, worker.child.wait()).await {
                return ended.expect("it is ours");
            }
        }
    }

    /// Of the two others one dies, and the other one does not notice for a moment.
    async fn leave_a_dead_one_to_it(&mut self) {
        self.recover().await;
        self.stop(0, MOMENT / 2).await;
        let dead = self.workers.last_mut().expect("there are two others");
        dead.child.kill().await.expect("it is killed");
    }
}

impl Worker {
    async fn set_trap(&mut self, point: CrashPoint) {
        match &self.proxy {
            Some(proxy) => proxy.set_trap(point),
            None => self.tell(Word::Trap(point)).await,
        }
    }

    /// Rather than that it died in another way.
    fn fell_into_the_trap(&self, ended: ExitStatus) -> bool {
        match &self.proxy {
            Some(proxy) => proxy.has_sprung(),
            None => ended.signal() == Some(SIGKILL),
        }
    }
}
