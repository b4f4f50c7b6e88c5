//! Says in words whether all is well, and why a job is where it is.

use std::time::Duration;

use jiff::Timestamp;
use job_engine::State;
use job_engine::storage::{Counts, JobSummary, QueueSummary, ServerSummary};

use crate::DashboardOptions;
use crate::html::time::{between, relative_words, words};
use crate::html::{jobs, number};

/// How the engine is, as the storage tells it.
pub(crate) struct Situation<'a> {
    pub(crate) now: Timestamp,
    pub(crate) options: &'a DashboardOptions,
    pub(crate) counts: &'a Counts,
    pub(crate) queues: &'a [QueueSummary],
    pub(crate) servers: &'a [ServerSummary],
}

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) gravity: Gravity,
    pub(crate) words: String,
    /// Where to see more, below the mount.
    pub(crate) path: String,
    pub(crate) link: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gravity {
    /// Nothing is being done that should be, or was given up.
    Trouble,
    /// It may become trouble, or heal by itself.
    Warning,
}

impl Situation<'_> {
    /// Everything that needs attention, the gravest first; empty when all is well.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(self.no_server());
        findings.extend(self.given_up());
        findings.extend(self.unserved_queues());
        findings.extend(self.silent_servers());
        findings.extend(self.slow_queues());
        findings.extend(self.retries());
        findings.sort_by_key(|finding| finding.gravity);
        findings
    }

    pub(crate) fn is_silent(&self, server: &ServerSummary) -> bool {
        is_silent(server, self.now, self.options)
    }

    fn no_server(&self) -> Option<Finding> {
        let alive = self.servers.iter().any(|server| !self.is_silent(server));
        let words = match self.counts.enqueued {
            0 => "No server is running. New jobs will wait.".to_owned(),
            n => format!("No server is running: {} waiting.", are(n)),
        };
        (!alive).then(|| trouble(words, "/servers", "Servers"))
    }

    fn given_up(&self) -> Option<Finding> {
        let words = match self.counts.failed {
            0 => return None,
            1 => "1 job was given up and waits for your decision.".to_owned(),
            n => format!(
                "{} jobs were given up and wait for your decision.",
                number(n)
            ),
        };
        Some(trouble(words, "/jobs/failed", "Failed jobs"))
    }

    fn unserved_queues(&self) -> Vec<Finding> {
        if self.servers.is_empty() {
            return Vec::new();
        }

        let unserved = |queue: &&QueueSummary| queue.enqueued > 0 && !self.is_served(&queue.name);
        let finding = |queue: &QueueSummary| {
            let words = format!(
                "No server takes jobs from the queue {}: {} waiting.",
                queue.name,
                are(queue.enqueued)
            );
            trouble(words, "/queues", "Queues")
        };
        self.queues.iter().filter(unserved).map(finding).collect()
    }

    fn silent_servers(&self) -> Vec<Finding> {
        let finding = |server: &ServerSummary| {
            let words = format!(
                "The server {} has been silent for {} and is possibly dead. Its jobs are given to \
                 another server.",
                server.name,
                words(between(server.heartbeat_at, self.now))
            );
            warning(words, "/servers", "Servers")
        };
        let silent = self.servers.iter().filter(|server| self.is_silent(server));
        silent.map(finding).collect()
    }

    fn slow_queues(&self) -> Vec<Finding> {
        let slow = |queue: &QueueSummary| {
            let waited = between(queue.oldest_enqueued_at?, self.now);
            let words = format!(
                "The oldest job in the queue {} has waited for {}.",
                queue.name,
                words(waited)
            );
            (waited >= self.options.slow_queue_after && self.is_served(&queue.name))
                .then(|| warning(words, "/queues", "Queues"))
        };
        self.queues.iter().filter_map(slow).collect()
    }

    fn retries(&self) -> Option<Finding> {
        let words = match self.counts.retries {
            0 => return None,
            1 => "1 job failed and will be tried again.".to_owned(),
            n => format!("{} jobs failed and will be tried again.", number(n)),
        };
        Some(warning(words, "/retries", "Retries"))
    }

    fn is_served(&self, queue: &str) -> bool {
        servers_of(queue, self).next().is_some()
    }

    /// Why the job is where it is and what happens next, in a sentence.
    pub(crate) fn why(&self, job: &JobSummary) -> String {
        match job.state {
            State::Enqueued => self.why_waiting(job),
            State::Scheduled => self.why_scheduled(job),
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
        if !servers_of(queue, self).any(is_free) {
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

/// Whether a server has not been heard of for longer than it may be.
pub(crate) fn is_silent(
    server: &ServerSummary,
    now: Timestamp,
    options: &DashboardOptions,
) -> bool {
    between(server.heartbeat_at, now) > options.server_timeout
}

fn servers_of<'a>(
    queue: &'a str,
    situation: &'a Situation<'_>,
) -> impl Iterator<Item = &'a ServerSummary> {
    let takes = move |server: &&ServerSummary| {
        !situation.is_silent(server) && server.queues.iter().any(|name| name == queue)
    };
    situation.servers.iter().filter(takes)
}

pub(crate) fn attempts(n: u32) -> String {
    match n {
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    }
}

fn are(n: u64) -> String {
    let verb = if n == 1 { "is" } else { "are" };
    format!("{} {verb}", jobs(n))
}

fn trouble(words: String, path: &str, link: &'static str) -> Finding {
    Finding {
        gravity: Gravity::Trouble,
        words,
        path: path.to_owned(),
        link,
    }
}

fn warning(words: String, path: &str, link: &'static str) -> Finding {
    Finding {
        gravity: Gravity::Warning,
        ..trouble(words, path, link)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use job_engine::{JobId, ServerId};

    use super::*;

    struct World {
        counts: Counts,
        queues: Vec<QueueSummary>,
        servers: Vec<ServerSummary>,
        options: DashboardOptions,
    }

    fn ago(seconds: i64) -> Timestamp {
        now() - SignedDuration::from_secs(seconds)
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_246_800).expect("the time is in range")
    }

    impl World {
        fn calm() -> Self {
            Self {
                counts: Counts::default(),
                queues: vec![QueueSummary {
                    name: "mail".to_owned(),
                    enqueued: 0,
                    processing: 0,
                    oldest_enqueued_at: None,
                }],
                servers: vec![ServerSummary {
                    id: ServerId::random(),
                    name: "web-1:7".to_owned(),
                    queues: vec!["mail".to_owned()],
                    workers: 2,
                    processing: 0,
                    started_at: ago(3600),
                    heartbeat_at: ago(1),
                }],
                options: DashboardOptions::default(),
            }
        }

        fn situation(&self) -> Situation<'_> {
            Situation {
                now: now(),
                options: &self.options,
                counts: &self.counts,
                queues: &self.queues,
                servers: &self.servers,
            }
        }

        fn found(&self) -> Vec<String> {
            let findings = self.situation().findings();
            findings.into_iter().map(|finding| finding.words).collect()
        }

        fn waiting_job(&self, queue: &str, seconds: i64) -> String {
            self.situation().why(&JobSummary {
                id: JobId::random(),
                kind: "send_mail".to_owned(),
                queue: queue.to_owned(),
                priority: 0,
                state: State::Enqueued,
                reason: None,
                attempts: 0,
                abandoned: 0,
                arguments: "{}".to_owned(),
                created_at: ago(seconds),
                changed_at: ago(seconds),
                due_at: None,
                server: None,
                error: None,
                duration: None,
            })
        }
    }

    #[test]
    fn a_calm_engine_has_no_findings() {
        assert_eq!(World::calm().found(), Vec::<String>::new());
    }

    #[test]
    fn what_was_given_up_comes_before_what_will_be_tried_again() {
        let mut world = World::calm();
        world.counts.retries = 3;
        world.counts.failed = 1;

        assert_eq!(
            world.found(),
            [
                "1 job was given up and waits for your decision.",
                "3 jobs failed and will be tried again.",
            ]
        );
    }

    #[test]
    fn a_queue_that_no_server_takes_from_is_found() {
        let mut world = World::calm();
        world.queues[0].name = "reports".to_owned();
        world.queues[0].enqueued = 2;

        assert_eq!(
            world.found(),
            ["No server takes jobs from the queue reports: 2 jobs are waiting."]
        );
    }

    #[test]
    fn a_slow_queue_is_found() {
        let mut world = World::calm();
        world.queues[0].enqueued = 1;
        world.queues[0].oldest_enqueued_at = Some(ago(720));

        assert_eq!(
            world.found(),
            ["The oldest job in the queue mail has waited for 12 min."]
        );
    }

    #[test]
    fn when_the_only_server_is_silent_nothing_runs() {
        let mut world = World::calm();
        world.servers[0].heartbeat_at = ago(40);

        assert_eq!(
            world.found(),
            [
                "No server is running. New jobs will wait.",
                "The server web-1:7 has been silent for 40 s and is possibly dead. Its jobs are \
                 given to another server.",
            ]
        );
    }

    #[test]
    fn a_waiting_job_says_what_it_waits_for() {
        let mut world = World::calm();
        assert_eq!(
            world.waiting_job("mail", 1),
            "Waits for a worker; one is free."
        );
        assert!(
            world
                .waiting_job("mail", 60)
                .contains("knows jobs of this kind")
        );
        assert!(
            world
                .waiting_job("reports", 1)
                .contains("the queue reports")
        );

        world.servers[0].processing = 2;
        assert!(world.waiting_job("mail", 1).contains("are busy"));

        world.servers.clear();
        assert!(
            world
                .waiting_job("mail", 1)
                .contains("no server is running")
        );
    }
}
