use job_engine::storage::{QueueSummary, ServerSummary, UnknownKind};

use super::Situation;
use crate::filters::Filters;
use crate::html::time::{between, words};
use crate::html::{jobs, number};

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub gravity: Gravity,
    /// A sentence for people.
    pub words: String,
    /// Where to see more, below the dashboard's mount.
    pub path: String,
    pub(crate) link: &'static str,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
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
        findings.extend(self.unknown_kinds());
        findings.extend(self.paused_queues());
        findings.extend(self.silent_servers());
        findings.extend(self.slow_queues());
        findings.extend(self.retries());
        findings.sort_by_key(|finding| finding.gravity);
        findings
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

    fn unknown_kinds(&self) -> Vec<Finding> {
        if self.servers.iter().all(|server| self.is_silent(server)) {
            return Vec::new();
        }

        let finding = |unknown: &UnknownKind| {
            let words = format!(
                "No running server knows jobs of the kind {}: {} waiting, the oldest for {}.",
                unknown.kind,
                are(unknown.jobs),
                words(between(unknown.waiting_since, self.now))
            );
            let path = Filters::of_kind(&unknown.kind).address("/jobs/enqueued");
            trouble(words, &path, "Jobs")
        };
        self.unknown_kinds.iter().map(finding).collect()
    }

    fn paused_queues(&self) -> Vec<Finding> {
        let finding = |queue: &QueueSummary| {
            let pause = queue.paused.as_ref()?;
            let words = format!(
                "The queue {} has been paused by {} for {}: {} waiting.",
                queue.name,
                pause.by,
                words(between(pause.since, self.now)),
                are(queue.enqueued)
            );
            Some(warning(words, "/queues", "Queues"))
        };
        self.queues.iter().filter_map(finding).collect()
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
            (waited >= self.options.slow_queue_after
                && queue.paused.is_none()
                && self.is_served(&queue.name))
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
}

fn are(n: u64) -> String {
    match n {
        0 => "no job is".to_owned(),
        1 => "1 job is".to_owned(),
        n => format!("{} are", jobs(n)),
    }
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
