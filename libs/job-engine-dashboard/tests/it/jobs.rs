//! Jobs in every state, made the way the engine makes them.

use std::sync::Arc;
use std::time::Duration;

use job_engine::job::ErrorReport;
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{
    Claim, ClaimedJob, Lease, Outcome, ServerAnnouncement, Settled, Settlement,
};
use job_engine::{Due, JobId, NewJob, ServerId, Storage};

/// A storage and one server at work on it.
pub struct Engine {
    pub storage: Arc<MemoryStorage>,
    pub server: ServerId,
}

impl Engine {
    pub async fn running() -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let server = ServerId::random();
        let announcement = ServerAnnouncement {
            id: server,
            name: "web-1:4711".to_owned(),
            queues: vec!["default".to_owned(), "mail".to_owned()],
            kinds: Vec::new(),
            workers: 4,
        };
        storage
            .announce(&announcement)
            .await
            .expect("memory answers");
        Self { storage, server }
    }

    pub async fn enqueued(&self, kind: &str) -> JobId {
        self.add(new_job(kind, Due::Now)).await
    }

    pub async fn scheduled(&self, kind: &str) -> JobId {
        let later = Due::After(Duration::from_hours(1));
        self.add(new_job(kind, later)).await
    }

    pub async fn processing(&self, kind: &str) -> JobId {
        let job = self.enqueued(kind).await;
        self.claim(kind).await;
        job
    }

    pub async fn succeeded(&self, kind: &str) -> JobId {
        let job = self.enqueued(kind).await;
        let outcome = Outcome::Succeeded {
            duration: Duration::from_millis(1234),
            result: Some(r#"{"sent":12345678901234567890123}"#.to_owned()),
        };
        self.settle(self.claim(kind).await, outcome).await;
        job
    }

    pub async fn retrying(&self, kind: &str) -> JobId {
        let job = self.enqueued(kind).await;
        let outcome = Outcome::Retry {
            error: error("no route to host"),
            delay: Duration::from_mins(1),
            reason: "Retry attempt 1 of 10: no route to host".to_owned(),
        };
        self.settle(self.claim(kind).await, outcome).await;
        job
    }

    pub async fn failed(&self, kind: &str) -> JobId {
        let job = self.enqueued(kind).await;
        self.fail(kind, error("the disk is full")).await;
        job
    }

    pub async fn deleted(&self, kind: &str) -> JobId {
        let job = self.enqueued(kind).await;
        let command = job_engine::storage::Command::Delete;
        let reason = "Deleted by bob@example.org on the dashboard";
        self.storage
            .command(job, command, reason)
            .await
            .expect("memory answers");
        job
    }

    pub async fn add(&self, job: NewJob) -> JobId {
        let id = job.id;
        self.storage.enqueue(&[job]).await.expect("memory answers");
        id
    }

    pub async fn claim(&self, kind: &str) -> ClaimedJob {
        let claim = Claim {
            server: self.server,
            queues: vec!["default".to_owned(), "mail".to_owned()],
            kinds: vec![kind.into()],
            limit: 1,
        };
        let mut claimed = self
            .storage
            .claim(&claim)
            .await
            .expect("memory answers")
            .jobs;
        claimed.pop().expect("a job of this kind is enqueued")
    }

    pub async fn fail(&self, kind: &str, error: ErrorReport) -> Lease {
        let claimed = self.claim(kind).await;
        let lease = claimed.lease;
        let reason = "Attempt 11 of 11 failed".to_owned();
        self.settle(claimed, Outcome::Failed { error, reason })
            .await;
        lease
    }

    pub async fn settle(&self, claimed: ClaimedJob, outcome: Outcome) {
        let lease = claimed.lease;
        let settlement = Settlement::new(lease, outcome);
        let settled = self.storage.settle(&[settlement]).await;
        assert_eq!(settled.expect("memory answers"), [Settled::Accepted]);
    }
}

/// With a number that no floating point number holds.
const ARGUMENTS: &str = r#"{"to":"ada@example.org","id":12345678901234567890123}"#;

pub fn new_job(kind: &str, due: Due) -> NewJob {
    NewJob {
        due,
        ..NewJob::of_kind(kind, ARGUMENTS).in_queue("mail")
    }
}

pub fn error(message: &str) -> ErrorReport {
    ErrorReport {
        kind: "std::io::Error".to_owned(),
        message: message.to_owned(),
        details: format!("{message}\ncaused by: the operating system"),
    }
}
