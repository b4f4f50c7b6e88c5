use std::time::Duration;

use job_engine::State;
use job_engine::storage::{JobSummary, ServerSummary};

use super::Situation;
use crate::html::time::{between, relative_words, words};

impl Situation<'_> {
    /// Why the job is where it is and what happens next, in a sentence.
    pub(crate) fn why(&self, job: &JobSummary) -> String {
        match job.state {
            State::Enqueued => self.why_waiting(job),
            State::Scheduled => self.why_scheduled(job),
            State::Awaiting => match &job.reason {
                Some(reason) => format!("{reason}."),
                None => "Waits for others to end.".to_owned(),
            },
            State::Processing => self.why_running(job),
            State::Succeeded => match job.duration {
                Some(duration) => format!("Done in {}.", words(duration)),
                None => "Done.".to_owned(),
            },
            State::Failed => format!(
                "Given up after {}. It rests in the dead letter queue until someone requeues or \
                 deletes it.",
                attempts(job.attempts)
            ),
            State::Deleted => {
                "Taken out. It can be requeued until its retention has passed.".to_owned()
            }
        }
    }

    fn why_waiting(&self, job: &JobSummary) -> String {
        let queue = &job.queue;
        if self.servers.iter().all(|server| self.is_silent(server)) {
            return "Waits, because no server is running.".to_owned();
        }
        if !self.is_served(queue) {
            return format!("Waits, because no running server takes jobs from the queue {queue}.");
        }
        let is_free = |server: &ServerSummary| server.processing < u64::from(server.workers);
        if !self.servers_of(queue).any(is_free) {
            return format!(
                "Waits, because all workers that take from the queue {queue} are busy."
            );
        }
        if between(job.changed_at, self.now) > Duration::from_secs(10) {
            return format!(
                "Waits although workers of the queue {queue} are free: it is possible that no \
                 running server knows jobs of this kind."
            );
        }

        "Waits for a worker; one is free.".to_owned()
    }

    fn why_scheduled(&self, job: &JobSummary) -> String {
        let when = match job.due_at {
            Some(due) if due <= self.now => "is due now".to_owned(),
            Some(due) => format!("is due {}", relative_words(due, self.now)),
            None => "waits for its time".to_owned(),
        };
        match job.attempts {
            0 => format!("It {when}."),
            n => format!("Attempt {n} failed. The next one {when}."),
        }
    }

    fn why_running(&self, job: &JobSummary) -> String {
        let server = self
            .servers
            .iter()
            .find(|server| Some(server.id) == job.server);
        match server {
            None => "Runs on a server that is not known any more; it will be given to another one."
                .to_owned(),
            Some(server) if self.is_silent(server) => format!(
                "Runs on {}, which has been silent for {}. If it is dead, the job is given to \
                 another server.",
                server.name,
                words(between(server.heartbeat_at, self.now))
            ),
            Some(server) => format!(
                "Runs on {} since {}, attempt {}.",
                server.name,
                words(between(job.changed_at, self.now)),
                job.attempts
            ),
        }
    }
}

fn attempts(n: u32) -> String {
    match n {
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    }
}
