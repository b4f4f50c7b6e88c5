//! The dashboard alone, with jobs in every state: `cargo run -p job-engine-dashboard --example
//! standalone`, then open the address it prints.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::request::Parts;
use job_engine::job::ErrorReport;
use job_engine::recurring::{RecurringJob, Schedule};
use job_engine::storage::memory::MemoryStorage;
use job_engine::storage::{Claim, ClaimedJob, Outcome, ServerAnnouncement, Settlement};
use job_engine::{Client, Due, JobId, NewJob, ServerId, Storage, StorageError};
use job_engine_dashboard::{Access, DashboardAccess, dashboard};

/// Lets everybody do everything: right for an example on the loopback address, and nowhere else.
struct OpenToAll;

impl DashboardAccess for OpenToAll {
    async fn authorize(&self, _: &Parts) -> Access {
        Access::Full {
            actor: "you@example.org".to_owned(),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new());
    let server = announce(&storage).await?;
    fill(&storage, server).await?;
    let nightly = Schedule::cron("30 2 * * *")?.in_time_zone("Europe/Berlin")?;
    let sweep = RecurringJob::enqueuing("sweep-the-yard", NewJob::of_kind("sweep", "{}"), nightly);
    let recurring = Client::new(storage.clone()).recurring();
    recurring.add_or_update(&sweep).await?;

    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:5001".to_owned());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("The dashboard: http://{}/jobs", listener.local_addr()?);

    let beating = tokio::spawn(beat(Arc::clone(&storage), server));
    let app = Router::new().nest("/jobs", dashboard(storage, OpenToAll));
    axum::serve(listener, app).await?;
    beating.abort();
    Ok(())
}

async fn announce(storage: &MemoryStorage) -> Result<ServerId, StorageError> {
    let id = ServerId::random();
    let server = ServerAnnouncement {
        id,
        name: "web-1:4711".to_owned(),
        queues: vec![
            "critical".to_owned(),
            "default".to_owned(),
            "mail".to_owned(),
        ],
        kinds: Vec::new(),
        workers: 8,
    };
    storage.announce(&server).await?;

    let silent = ServerAnnouncement {
        id: ServerId::random(),
        name: "web-2:1302".to_owned(),
        queues: vec!["default".to_owned()],
        kinds: Vec::new(),
        workers: 8,
    };
    storage.announce(&silent).await?;
    Ok(id)
}

/// One server's pulse, and now and then a job, so that there is something to watch.
async fn beat(storage: Arc<MemoryStorage>, server: ServerId) -> Result<(), StorageError> {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    for turn in 0_u64.. {
        every.tick().await;
        storage.heartbeat(server, &[]).await?;
        if turn % 4 == 0 {
            enqueue(
                &storage,
                "refresh_search_index",
                "default",
                r#"{"full":false}"#,
            )
            .await?;
            let claimed = claim(&storage, server, "refresh_search_index").await?;
            settle(&storage, claimed, succeeded(380, None)).await?;
        }
    }

    Ok(())
}

async fn fill(storage: &MemoryStorage, server: ServerId) -> Result<(), StorageError> {
    for number in 1..=57 {
        let arguments = format!(r#"{{"order":{},"currency":"EUR"}}"#, 90_210 + number);
        enqueue(storage, "send_invoice", "mail", &arguments).await?;
        let claimed = claim(storage, server, "send_invoice").await?;
        let result = Some(r#"{"messageId":12345678901234567890}"#);
        settle(storage, claimed, succeeded(120 + number * 7, result)).await?;
    }
    for tenant in ["acme", "globex", "initech"] {
        fail(storage, server, tenant).await?;
    }
    retry(storage, server).await?;
    for number in 0..2 {
        let arguments = format!(r#"{{"tenant":"0191-{number}","requestedBy":42}}"#);
        enqueue(storage, "provision_tenant", "critical", &arguments).await?;
        claim(storage, server, "provision_tenant").await?;
    }

    for number in 0..4 {
        let arguments = format!(r#"{{"user":{number},"template":"weekly_digest"}}"#);
        enqueue(storage, "send_email", "mail", &arguments).await?;
    }
    enqueue(storage, "build_report", "reports", r#"{"month":"2026-10"}"#).await?;
    schedule(storage).await?;
    let unwanted = enqueue(storage, "warm_cache", "default", "{}").await?;
    let reason = "Deleted by ada@example.org on the dashboard";
    storage
        .command(unwanted, job_engine::storage::Command::Delete, reason)
        .await?;
    Ok(())
}

async fn fail(storage: &MemoryStorage, server: ServerId, tenant: &str) -> Result<(), StorageError> {
    let arguments = format!(r#"{{"tenant":"{tenant}","plan":{{"seats":25,"trial":true}}}}"#);
    enqueue(storage, "provision_tenant", "critical", &arguments).await?;
    let claimed = claim(storage, server, "provision_tenant").await?;
    let error = ErrorReport {
        kind: "infrastructure::tenant_databases::CreateDatabaseError".to_owned(),
        message: "cannot create the tenant's database: permission denied to create database"
            .to_owned(),
        details: "cannot create the tenant's database: permission denied to create database\n\
                  caused by: error returned from database: permission denied to create database\n\
                  caused by: SQLSTATE 42501"
            .to_owned(),
    };
    let reason = "Given up after attempt 1 of 1".to_owned();
    settle(storage, claimed, Outcome::Failed { error, reason }).await
}

async fn retry(storage: &MemoryStorage, server: ServerId) -> Result<(), StorageError> {
    enqueue(
        storage,
        "send_email",
        "mail",
        r#"{"user":7,"template":"welcome"}"#,
    )
    .await?;
    let claimed = claim(storage, server, "send_email").await?;
    let error = ErrorReport {
        kind: "lettre::transport::smtp::Error".to_owned(),
        message: "Connection error: timed out".to_owned(),
        details: "Connection error: timed out\ncaused by: deadline has elapsed".to_owned(),
    };
    let reason = "Retry attempt 1 of 10: Connection error: timed out".to_owned();
    let delay = Duration::from_secs(38);
    let outcome = Outcome::Retry {
        error,
        delay,
        reason,
    };
    settle(storage, claimed, outcome).await
}

async fn schedule(storage: &MemoryStorage) -> Result<(), StorageError> {
    let later = [
        ("close_trial", 3),
        ("send_reminder", 26),
        ("archive_logs", 200),
    ];
    for (kind, hours) in later {
        let due = Due::After(Duration::from_hours(hours));
        storage
            .enqueue(&[new_job(kind, "default", "{}", due)])
            .await?;
    }

    Ok(())
}

async fn enqueue(
    storage: &MemoryStorage,
    kind: &str,
    queue: &str,
    arguments: &str,
) -> Result<JobId, StorageError> {
    let job = new_job(kind, queue, arguments, Due::Now);
    let id = job.id;
    storage.enqueue(&[job]).await?;
    Ok(id)
}

fn new_job(kind: &str, queue: &str, arguments: &str, due: Due) -> NewJob {
    NewJob {
        due,
        ..NewJob::of_kind(kind, arguments).in_queue(queue)
    }
}

async fn claim(
    storage: &MemoryStorage,
    server: ServerId,
    kind: &str,
) -> Result<ClaimedJob, StorageError> {
    let claim = Claim {
        server,
        queues: ["critical", "default", "mail"].map(str::to_owned).to_vec(),
        kinds: vec![kind.into()],
        limit: 1,
    };
    let claimed = storage.claim(&claim).await?.jobs.pop();
    claimed.ok_or_else(|| StorageError::Corrupt(format!("no {kind} to claim")))
}

async fn settle(
    storage: &MemoryStorage,
    claimed: ClaimedJob,
    outcome: Outcome,
) -> Result<(), StorageError> {
    let lease = claimed.lease;
    storage.settle(&[Settlement::new(lease, outcome)]).await?;
    Ok(())
}

fn succeeded(milliseconds: u64, result: Option<&str>) -> Outcome {
    Outcome::Succeeded {
        duration: Duration::from_millis(milliseconds),
        result: result.map(str::to_owned),
    }
}
