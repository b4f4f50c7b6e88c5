use job_engine::State;
use job_engine::storage::{HoldUps, JobSummary, Limited, ServerSummary, UsedLimit};

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
        if !self
            .servers_of(queue)
            .any(|server| server.kinds.contains(&job.kind))
        {
            return format!(
                "Waits, because no running server of the queue {queue} knows jobs of the kind {}.",
                job.kind
            );
        }
        let is_free = |server: &ServerSummary| server.processing < u64::from(server.workers);
        if !self.servers_of(queue).any(is_free) {
            return format!(
                "Waits, because all workers that take from the queue {queue} are busy."
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

/// What holds the job back, in a sentence; `None` when nothing does.
pub(crate) fn held_up(hold_ups: &HoldUps) -> Option<String> {
    if let Some(pause) = &hold_ups.pause {
        let reason = match pause.reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        return Some(format!(
            "Waits, because {} paused its queue{reason}.",
            pause.by
        ));
    }
    let used_up = hold_ups.limits.iter().find(|used| used.room.free == 0);
    used_up.map(|used| format!("Waits, because {}.", used_up_by(used)))
}

fn used_up_by(used: &UsedLimit) -> String {
    let limit = match &used.of {
        Limited::Queue(queue) => format!("the limit of the queue {queue}"),
        Limited::Key(key) => format!("the limit of the key {key}"),
    };
    if let Some(opens_in) = used.room.opens_in {
        return format!(
            "{limit} allows no more jobs to begin for {}",
            words(opens_in)
        );
    }
    match &used.held_by[..] {
        [] => format!("{limit} is used up"),
        [job] => format!("{limit} is used up by the job {job}"),
        [job, more @ ..] => format!(
            "{limit} is used up by the job {job} and {} more",
            more.len()
        ),
    }
}
