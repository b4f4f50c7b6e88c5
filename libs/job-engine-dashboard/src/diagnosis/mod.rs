//! Says in words whether all is well, and why a job is where it is.

mod findings;
mod why;

use jiff::Timestamp;
use job_engine::storage::{Counts, QueueSummary, ServerSummary, UnknownKind};

use crate::DashboardOptions;
use crate::html::time::between;

pub(crate) use findings::Gravity;
pub(crate) use why::held_up;

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
        is_silent(server, self.now, self.options)
    }

    fn is_served(&self, queue: &str) -> bool {
        self.servers_of(queue).next().is_some()
    }

    /// The servers that are alive and take jobs from this queue.
    fn servers_of<'a>(&'a self, queue: &'a str) -> impl Iterator<Item = &'a ServerSummary> {
        let takes = move |server: &&ServerSummary| takes(server, queue, self.now, self.options);
        self.servers.iter().filter(takes)
    }
}

/// Whether a server takes jobs from this queue now.
pub(crate) fn takes(
    server: &ServerSummary,
    queue: &str,
    now: Timestamp,
    options: &DashboardOptions,
) -> bool {
    let is_at_work = server.order.is_none() && !is_silent(server, now, options);
    is_at_work && server.queues.iter().any(|name| name == queue)
}

/// Whether a server has not been heard of for longer than it may be.
pub(crate) fn is_silent(
    server: &ServerSummary,
    now: Timestamp,
    options: &DashboardOptions,
) -> bool {
    between(server.heartbeat_at, now) > options.server_timeout
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use job_engine::storage::{
        HoldUps, JobSummary, Limit, Limited, Pause, Room, ServerOrder, UsedLimit,
    };
    use job_engine::{JobId, ServerId, State};

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

        fn waiting_job(&self, queue: &str, seconds: i64) -> String {
            self.situation().why(&JobSummary {
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

    #[test]
    fn a_waiting_job_says_what_it_waits_for() {
        let mut world = World::calm();
        assert_eq!(
            world.waiting_job("mail", 1),
            "Waits for a worker; one is free."
        );
        world.servers[0].kinds.clear();
        assert!(
            world
                .waiting_job("mail", 60)
                .contains("knows jobs of the kind send_mail")
        );
        world.servers[0].kinds.push("send_mail".to_owned());
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

    #[test]
    fn a_job_that_is_held_up_says_by_what() {
        let pause = Pause {
            by: "Ada".to_owned(),
            reason: "the provider is down".to_owned(),
            since: now(),
        };
        let used = |held_by: Vec<JobId>, opens_in| UsedLimit {
            of: Limited::Key("exports/acme".to_owned()),
            limit: Limit::at_once(2),
            room: Room { free: 0, opens_in },
            held_by,
        };
        let limited = |used| HoldUps {
            pause: None,
            limits: vec![used],
        };

        assert_eq!(held_up(&HoldUps::default()), None);
        let paused = HoldUps {
            pause: Some(pause),
            limits: Vec::new(),
        };
        assert_eq!(
            held_up(&paused).as_deref(),
            Some("Waits, because Ada paused its queue: the provider is down.")
        );
        let holder = JobId::random();
        let by_two = held_up(&limited(used(vec![holder, JobId::random()], None)));
        let words = format!("key exports/acme is used up by the job {holder} and 1 more.");
        assert!(by_two.is_some_and(|by_two| by_two.ends_with(&words)));
        let rated = limited(used(Vec::new(), Some(std::time::Duration::from_mins(2))));
        assert!(held_up(&rated).is_some_and(|rated| rated.ends_with("to begin for 2 min.")));
    }
}
