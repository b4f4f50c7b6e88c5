//! Why a job is where it is.

use std::time::Duration;

use jiff::Timestamp;

use super::{HoldUps, JobSummary, Limited, ServerSummary, UsedLimit};
use crate::state::State;
use crate::words;

/// What a job's progress depends on, beside the job.
pub(super) struct Surroundings {
    pub(super) now: Timestamp,
    pub(super) hold_ups: HoldUps,
    pub(super) servers: Vec<ServerSummary>,
    /// A server whose last heartbeat is older is silent.
    pub(super) alive_within: Duration,
}

impl ServerSummary {
    /// Whether it has not been heard of for longer than this.
    pub fn is_silent(&self, now: Timestamp, alive_within: Duration) -> bool {
        words::between(self.heartbeat_at, now) > alive_within
    }

    /// Whether it takes jobs from this queue now.
    pub fn takes(&self, queue: &str, now: Timestamp, alive_within: Duration) -> bool {
        let is_at_work = self.order.is_none() && !self.is_silent(now, alive_within);
        is_at_work && self.queues.iter().any(|name| name == queue)
    }
}

impl Surroundings {
    /// Why the job is where it is and what happens next.
    pub(super) fn why(&self, job: &JobSummary) -> String {
        match job.state {
            State::Enqueued => self.held_up().unwrap_or_else(|| self.waiting(job)),
            State::Scheduled => self.scheduled(job),
            State::Awaiting => match &job.reason {
                Some(reason) => format!("{reason}."),
                None => "Waits for others to end.".to_owned(),
            },
            State::Processing => self.running(job),
            State::Succeeded => match job.duration {
                Some(duration) => format!("Done in {}.", words::length(duration)),
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

    /// By a pause or a limit.
    fn held_up(&self) -> Option<String> {
        if let Some(pause) = &self.hold_ups.pause {
            let reason = match pause.reason.as_str() {
                "" => String::new(),
                reason => format!(": {reason}"),
            };
            return Some(format!(
                "Waits, because {} paused its queue{reason}.",
                pause.by
            ));
        }
        let mut limits = self.hold_ups.limits.iter();
        let used_up = limits.find(|used| used.room.free == 0);
        used_up.map(|used| format!("Waits, because {}.", used_up_by(used)))
    }

    fn waiting(&self, job: &JobSummary) -> String {
        let queue = &job.queue;
        let is_silent = |server: &ServerSummary| server.is_silent(self.now, self.alive_within);
        if self.servers.iter().all(is_silent) {
            return "Waits, because no server is running.".to_owned();
        }
        let takers = self.servers.iter();
        let takers: Vec<&ServerSummary> = takers
            .filter(|server| server.takes(queue, self.now, self.alive_within))
            .collect();
        if takers.is_empty() {
            return format!("Waits, because no running server takes jobs from the queue {queue}.");
        }
        if !takers.iter().any(|server| server.kinds.contains(&job.kind)) {
            return format!(
                "Waits, because no running server of the queue {queue} knows jobs of the kind {}.",
                job.kind
            );
        }
        let is_free = |server: &&ServerSummary| server.processing < u64::from(server.workers);
        if !takers.iter().any(is_free) {
            return format!(
                "Waits, because all workers that take from the queue {queue} are busy."
            );
        }

        "Waits for a worker; one is free.".to_owned()
    }

    fn scheduled(&self, job: &JobSummary) -> String {
        let when = match job.due_at {
            Some(due) if due <= self.now => "is due now".to_owned(),
            Some(due) => format!("is due {}", words::relative(due, self.now)),
            None => "waits for its time".to_owned(),
        };
        match job.attempts {
            0 => format!("It {when}."),
            n => format!("Attempt {n} failed. The next one {when}."),
        }
    }

    fn running(&self, job: &JobSummary) -> String {
        let mut servers = self.servers.iter();
        let server = servers.find(|server| Some(server.id) == job.server);
        match server {
            None => "Runs on a server that is not known any more; it will be given to another one."
                .to_owned(),
            Some(server) if server.is_silent(self.now, self.alive_within) => format!(
                "Runs on {}, which has been silent for {}. If it is dead, the job is given to \
                 another server.",
                server.name,
                words::length(words::between(server.heartbeat_at, self.now))
            ),
            Some(server) => format!(
                "Runs on {} since {}, attempt {}.",
                server.name,
                words::length(words::between(job.changed_at, self.now)),
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

fn used_up_by(used: &UsedLimit) -> String {
    let limit = match &used.of {
        Limited::Queue(queue) => format!("the limit of the queue {queue}"),
        Limited::Key(key) => format!("the limit of the key {key}"),
    };
    if let Some(opens_in) = used.room.opens_in {
        return format!(
            "{limit} allows no more jobs to begin for {}",
            words::length(opens_in)
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::storage::{JobId, Limit, Pause, Room, ServerId};

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_246_800).expect("the time is in range")
    }

    fn ago(seconds: i64) -> Timestamp {
        now() - SignedDuration::from_secs(seconds)
    }

    /// One server, which knows `send_mail` and takes from `mail`.
    fn calm() -> Surroundings {
        Surroundings {
            now: now(),
            hold_ups: HoldUps::default(),
            servers: vec![ServerSummary {
                id: ServerId::random(),
                name: "web-1:7".to_owned(),
                queues: vec!["mail".to_owned()],
                kinds: vec!["send_mail".to_owned()],
                workers: 2,
                order: None,
                processing: 0,
                started_at: ago(3600),
                heartbeat_at: ago(1),
            }],
            alive_within: Duration::from_secs(30),
        }
    }

    fn job(queue: &str) -> JobSummary {
        JobSummary {
            id: JobId::random(),
            kind: "send_mail".to_owned(),
            queue: queue.to_owned(),
            priority: 0,
            tenant: None,
            tags: Vec::new(),
            batch: None,
            state: State::Enqueued,
            reason: None,
            attempts: 0,
            abandoned: 0,
            arguments: "{}".to_owned(),
            version: 1,
            created_at: ago(1),
            changed_at: ago(1),
            due_at: None,
            server: None,
            error: None,
            duration: None,
        }
    }

    #[test]
    fn a_waiting_job_says_what_it_waits_for() {
        let mut around = calm();
        let why = |around: &Surroundings| around.why(&job("mail"));
        assert_eq!(why(&around), "Waits for a worker; one is free.");
        assert!(around.why(&job("reports")).contains("the queue reports"));

        around.servers[0].kinds.clear();
        assert!(why(&around).contains("knows jobs of the kind send_mail"));

        around.servers[0].kinds.push("send_mail".to_owned());
        around.servers[0].processing = 2;
        assert!(why(&around).contains("are busy"));

        around.servers[0].heartbeat_at = ago(31);
        assert!(why(&around).contains("no server is running"));
    }

    #[test]
    fn a_job_that_is_held_up_says_by_what() {
        let mut around = calm();
        around.hold_ups.pause = Some(Pause {
            by: "Ada".to_owned(),
            reason: "the provider is down".to_owned(),
            since: now(),
        });
        let paused = "Waits, because Ada paused its queue: the provider is down.";
        assert_eq!(around.why(&job("mail")), paused);

        let holder = JobId::random();
        let mut used = UsedLimit {
            of: Limited::Key("exports/acme".to_owned()),
            limit: Limit::at_once(2),
            room: Room::default(),
            held_by: vec![holder, JobId::random()],
        };
        around.hold_ups.pause = None;
        around.hold_ups.limits = vec![used.clone()];
        let by_two = format!("key exports/acme is used up by the job {holder} and 1 more.");
        assert!(around.why(&job("mail")).ends_with(&by_two));

        used.room.opens_in = Some(Duration::from_mins(2));
        around.hold_ups.limits = vec![used];
        assert!(around.why(&job("mail")).ends_with("to begin for 2 min."));
    }

    #[test]
    fn a_job_that_does_not_wait_says_what_it_does() {
        let around = calm();
        let mut later = job("mail");
        later.state = State::Scheduled;
        later.due_at = Some(now() + SignedDuration::from_mins(3));
        assert_eq!(around.why(&later), "It is due in 3 min.");

        let mut running = job("mail");
        running.state = State::Processing;
        running.server = Some(around.servers[0].id);
        running.attempts = 1;
        let since = "Runs on web-1:7 since 1 s, attempt 1.";
        assert_eq!(around.why(&running), since);
    }
}
