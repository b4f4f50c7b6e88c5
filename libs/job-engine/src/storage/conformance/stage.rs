//! The words in which the behaviours are told.

use std::time::Duration;

use crate::continuation::{ContinueOn, Parent};
use crate::job::ErrorReport;
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::{
    Claim, ClaimedJob, Command, Commanded, HistoryEntry, JobDetails, JobId, KnownKind, Lease,
    Outcome, ServerAnnouncement, ServerId, Settled, Settlement, SharedStorage,
};

pub(super) const HOUR: Duration = Duration::from_hours(1);

pub(super) struct Stage {
    pub(super) storage: SharedStorage,
}

/// A job `send` in the queue `default`, to run now.
pub(super) fn job() -> NewJob {
    NewJob::of_kind("send", r#"{"to":"ada"}"#)
}

pub(super) fn job_of(kind: &str) -> NewJob {
    NewJob {
        kind: kind.to_owned(),
        ..job()
    }
}

pub(super) fn past_job() -> NewJob {
    job().at("2020-02-02T02:02:02Z".parse().expect("it is a time"))
}

pub(super) fn jobs(count: usize) -> Vec<NewJob> {
    (0..count).map(|_| job()).collect()
}

pub(super) fn error(message: &str) -> ErrorReport {
    ErrorReport {
        kind: "std::io::Error".to_owned(),
        message: message.to_owned(),
        details: format!("{message}\ncaused by: rain"),
    }
}

pub(super) fn succeeded() -> Outcome {
    Outcome::Succeeded {
        duration: Duration::from_millis(7),
        result: None,
    }
}

pub(super) fn retry(message: &str, delay: Duration) -> Outcome {
    Outcome::Retry {
        error: error(message),
        delay,
        reason: format!("Retry: {message}"),
    }
}

pub(super) fn failed(message: &str) -> Outcome {
    Outcome::Failed {
        error: error(message),
        reason: "No attempt is left".to_owned(),
    }
}

/// One of each.
pub(super) fn outcomes() -> [Outcome; 6] {
    [
        succeeded(),
        retry("rain", HOUR),
        failed("rain"),
        Outcome::Discarded {
            error: error("rain"),
            reason: "Nobody misses it".to_owned(),
        },
        Outcome::Snoozed {
            delay: HOUR,
            reason: "Snoozed".to_owned(),
        },
        Outcome::Returned {
            reason: "Handed back".to_owned(),
        },
    ]
}

/// A job that continues these.
pub(super) fn after<P: Into<Parent>>(
    parents: impl IntoIterator<Item = P>,
    on: ContinueOn,
) -> NewJob {
    let job = job().continuing(parents, on);
    job.expect("it has parents")
}

/// What a history entry keeps under this name.
pub(super) fn fact<'a>(entry: &'a HistoryEntry, name: &str) -> Option<&'a serde_json::Value> {
    let found = entry.facts.iter().find(|(fact, _)| fact == name);
    found.map(|(_, value)| value)
}

impl Stage {
    pub(super) fn of(storage: &SharedStorage) -> Self {
        Self {
            storage: storage.clone(),
        }
    }

    pub(super) async fn enqueue(&self, job: NewJob) -> JobId {
        let id = job.id;
        self.enqueue_all(&[job]).await;
        id
    }

    pub(super) async fn enqueue_all(&self, jobs: &[NewJob]) {
        let duplicates = self.storage.enqueue(jobs).await;
        assert_eq!(duplicates.expect("jobs are stored"), []);
    }

    pub(super) async fn server(&self) -> ServerId {
        let id = ServerId::random();
        let announcement = ServerAnnouncement {
            id,
            name: format!("web-1:{id}"),
            queues: vec!["default".to_owned()],
            kinds: vec!["send".to_owned()],
            workers: 20,
        };
        let announced = self.storage.announce(&announcement).await;
        announced.expect("the server is announced");
        id
    }

    /// Claims jobs of kind `send` from the queue `default`.
    pub(super) async fn claim(&self, server: ServerId, limit: usize) -> Vec<ClaimedJob> {
        self.claim_of(server, &["default"], &["send"], limit).await
    }

    pub(super) async fn claim_of(
        &self,
        server: ServerId,
        queues: &[&str],
        kinds: &[&str],
        limit: usize,
    ) -> Vec<ClaimedJob> {
        let claim = Claim {
            server,
            queues: queues.iter().copied().map(str::to_owned).collect(),
            kinds: kinds.iter().copied().map(KnownKind::from).collect(),
            limit,
        };
        let claimed = self.storage.claim(&claim).await;
        claimed.expect("jobs are claimed").jobs
    }

    pub(super) async fn claim_one(&self, server: ServerId) -> ClaimedJob {
        let mut claimed = self.claim(server, 1).await;
        claimed.pop().expect("a job waits")
    }

    pub(super) async fn settle(&self, lease: Lease, outcome: Outcome) -> Settled {
        let settlements = [Settlement::new(lease, outcome)];
        let settled = self.storage.settle(&settlements).await;
        let settled = settled.expect("the outcome is recorded");
        assert_eq!(settled.len(), 1);
        settled[0]
    }

    pub(super) async fn accepted(&self, lease: Lease, outcome: Outcome) {
        assert_eq!(self.settle(lease, outcome).await, Settled::Accepted);
    }

    pub(super) async fn command(&self, id: JobId, command: Command) -> Commanded {
        let commanded = self.storage.command(id, command, "Asked by Ada").await;
        commanded.expect("the command is answered")
    }

    pub(super) async fn enqueue_due(&self) -> usize {
        let due = self.storage.enqueue_due(1000).await;
        due.expect("due jobs are enqueued").enqueued
    }

    pub(super) async fn details(&self, id: JobId) -> JobDetails {
        let details = self.storage.job(id).await.expect("the job can be read");
        details.expect("the job is stored")
    }

    pub(super) async fn state(&self, id: JobId) -> State {
        self.details(id).await.summary.state
    }

    /// The states of the job's history.
    pub(super) async fn states(&self, id: JobId) -> Vec<State> {
        let history = self.details(id).await.history;
        history.iter().map(|entry| entry.state).collect()
    }

    /// A job that is in this state, and the server that held it if one did.
    pub(super) async fn job_in(&self, state: State) -> JobId {
        match state {
            State::Enqueued => self.enqueue(job()).await,
            State::Scheduled => self.enqueue(job().after(HOUR)).await,
            State::Awaiting => {
                let parent = self.enqueue(job().after(HOUR)).await;
                self.enqueue(after([parent], ContinueOn::Success)).await
            }
            State::Processing => self.held_job().await.job,
            State::Succeeded => self.settled_job(succeeded()).await,
            State::Failed => self.settled_job(failed("no route to host")).await,
            State::Deleted => {
                let id = self.enqueue(job()).await;
                assert_eq!(self.command(id, Command::Delete).await, Commanded::Done);
                id
            }
        }
    }

    /// A job that a server of its own has claimed.
    pub(super) async fn held_job(&self) -> Lease {
        let server = self.server().await;
        let urgent = job().with_priority(i16::MAX);
        let id = self.enqueue(urgent).await;
        let claimed = self.claim_one(server).await;
        assert_eq!(claimed.lease.job, id);
        claimed.lease
    }

    /// Lets a worker run the job, which waits, and end like this.
    pub(super) async fn run(&self, id: JobId, outcome: Outcome) {
        let server = self.server().await;
        loop {
            let lease = self.claim_one(server).await.lease;
            if lease.job == id {
                return self.accepted(lease, outcome).await;
            }
            let reason = "It is another's turn".to_owned();
            self.accepted(
                lease,
                Outcome::Snoozed {
                    delay: HOUR,
                    reason,
                },
            )
            .await;
        }
    }

    async fn settled_job(&self, outcome: Outcome) -> JobId {
        let lease = self.held_job().await;
        self.accepted(lease, outcome).await;
        lease.job
    }
}
