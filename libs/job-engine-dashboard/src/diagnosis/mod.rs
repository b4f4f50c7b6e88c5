//! Says in words whether all is well.

mod findings;

use jiff::Timestamp;
use job_engine::storage::{Counts, QueueSummary, ServerSummary, UnknownKind};
use job_engine::{Storage, StorageError};

use crate::DashboardOptions;

pub use findings::{Finding, Gravity};

/// Everything that needs attention, the gravest first; empty when all is well. What the overview
/// page says, for programs.
pub async fn findings(
    storage: &dyn Storage,
    options: &DashboardOptions,
) -> Result<Vec<Finding>, StorageError> {
    let situation = Situation {
        now: storage.time().await?,
        options,
        counts: &storage.counts().await?,
        queues: &storage.queues().await?,
        servers: &storage.servers().await?,
        unknown_kinds: &storage.unknown_kinds(options.server_timeout).await?,
    };
    Ok(situation.findings())
}

/// How the engine is, as the storage tells it.
pub(crate) struct Situation<'a> {
    pub(crate) now: Timestamp,
    pub(crate) options: &'a DashboardOptions,
    pub(crate) counts: &'a Counts,
    pub(crate) queues: &'a [QueueSummary],
    pub(crate) servers: &'a [ServerSummary],
    /// Kinds of waiting jobs that no living server knows.
    pub(crate) unknown_kinds: &'a [UnknownKind],
}

impl Situation<'_> {
    pub(crate) fn is_silent(&self, server: &ServerSummary) -> bool {
        server.is_silent(self.now, self.options.server_timeout)
    }

    /// Whether a server takes jobs from this queue now.
    fn is_served(&self, queue: &str) -> bool {
        let mut servers = self.servers.iter();
        servers.any(|server| server.takes(queue, self.now, self.options.server_timeout))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use job_engine::ServerId;
    use job_engine::storage::{Pause, ServerOrder};

    use super::*;

    struct World {
        counts: Counts,
        queues: Vec<QueueSummary>,
        servers: Vec<ServerSummary>,
        unknown_kinds: Vec<UnknownKind>,
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
                queues: vec![QueueSummary::named("mail")],
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
                unknown_kinds: Vec::new(),
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
                unknown_kinds: &self.unknown_kinds,
            }
        }

        fn found(&self) -> Vec<String> {
            let findings = self.situation().findings();
            findings.into_iter().map(|finding| finding.words).collect()
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
    fn a_queue_of_a_quiet_server_is_taken_by_nobody() {
        let mut world = World::calm();
        world.queues[0].enqueued = 2;
        world.servers[0].order = Some(ServerOrder::Quiet);

        assert_eq!(
            world.found(),
            ["No server takes jobs from the queue mail: 2 jobs are waiting."]
        );
    }

    #[test]
    fn a_kind_that_no_server_knows_is_found() {
        let mut world = World::calm();
        world.unknown_kinds.push(UnknownKind {
            kind: "send_fax".to_owned(),
            jobs: 2,
            waiting_since: ago(720),
        });

        assert_eq!(
            world.found(),
            [
                "No running server knows jobs of the kind send_fax: 2 jobs are waiting, the oldest for 12 min."
            ]
        );
        world.servers.clear();
        assert_eq!(world.found(), ["No server is running. New jobs will wait."]);
    }

    #[test]
    fn a_paused_queue_is_found() {
        let mut world = World::calm();
        world.queues[0].enqueued = 1;
        world.queues[0].oldest_enqueued_at = Some(ago(720));
        world.queues[0].paused = Some(Pause {
            by: "ada".to_owned(),
            reason: String::new(),
            since: ago(60),
        });

        assert_eq!(
            world.found(),
            ["The queue mail has been paused by ada for 1 min: 1 job is waiting."]
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
}
