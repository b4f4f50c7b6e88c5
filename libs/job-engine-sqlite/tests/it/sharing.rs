use std::collections::HashSet;
use std::process::Stdio;
use std::time::Duration;

use job_engine::Storage;
use job_engine::storage::{ClaimedJob, Monitor, Outcome, Settled, Settlement};
use job_engine_sqlite::SqliteStorage;
use tokio::process::Command;
use tokio::time::timeout;

use crate::database::{Database, announce, claim, job};

const JOBS: usize = 2000;
const PATIENCE: Duration = Duration::from_secs(30);
const CHILD_FILE: &str = "JOB_ENGINE_TEST_CHILD_FILE";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_file_run_every_job_once() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let jobs: Vec<_> = (0..JOBS).map(|_| job()).collect();
    storage.enqueue(&jobs).await.unwrap();

    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["sharing::child", "--exact", "--ignored"])
        .env(CHILD_FILE, database.path())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    timeout(PATIENCE, announced(&storage)).await.unwrap();
    run_all(&storage).await;
    let child = child.wait().await.unwrap();

    assert!(child.success());
    assert_eq!(workers(&database).await, 2);
    let counts = storage.counts().await.unwrap();
    assert_eq!((counts.succeeded, counts.enqueued), (JOBS as u64, 0));
    assert_eq!(counts.processing, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_enqueue_and_work_at_once() {
    let database = Database::create().await;
    let storage = database.storage().await;

    let enqueue = || {
        let storage = storage.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                storage.enqueue(&[job()]).await.unwrap();
            }
        })
    };
    let tasks: Vec<_> = std::iter::repeat_with(enqueue).take(10).collect();
    for task in tasks {
        task.await.unwrap();
    }
    run_all(&storage).await;

    assert_eq!(storage.counts().await.unwrap().succeeded, 200);
}

/// The other process of the test above.
#[tokio::test]
#[ignore = "another test starts it as a process of its own"]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent says where the file is"
)]
async fn child() {
    let path = std::env::var(CHILD_FILE).expect("it is started by another test");
    let storage = SqliteStorage::open(path).await.unwrap();
    run_all(&storage).await;
}

async fn announced(storage: &SqliteStorage) {
    while storage.servers().await.unwrap().is_empty() {}
}

/// How many servers ran the jobs.
async fn workers(database: &Database) -> i64 {
    sqlx::query_scalar("select count(distinct server) from job_engine_jobs")
        .fetch_one(&database.pool().await)
        .await
        .unwrap()
}

/// Claims and settles until nothing is left.
async fn run_all(storage: &SqliteStorage) {
    let server = announce(storage).await;
    let mut seen = HashSet::new();
    loop {
        let claimed = claim(storage, server).await;
        if claimed.is_empty() {
            return;
        }
        assert!(claimed.iter().all(|job| seen.insert(job.lease.job)));
        let settled = storage.settle(&succeeded(&claimed)).await.unwrap();
        assert!(settled.iter().all(|settled| *settled == Settled::Accepted));
    }
}

fn succeeded(claimed: &[ClaimedJob]) -> Vec<Settlement> {
    claimed
        .iter()
        .map(|job| {
            let outcome = Outcome::Succeeded {
                duration: Duration::from_millis(1),
                result: None,
            };
            Settlement::new(job.lease, outcome)
        })
        .collect()
}
