use std::process::Stdio;
use std::time::{Duration, Instant};

use job_engine::storage::{Rescued, ServerId};
use job_engine::{JobId, Storage};
use job_engine_sqlite::SqliteStorage;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::database::{Database, announce, claim, job};

const PATIENCE: Duration = Duration::from_secs(30);
const CHILD_FILE: &str = "JOB_ENGINE_TEST_CHILD_FILE";

#[tokio::test]
async fn the_job_of_a_killed_process_runs_again_within_a_second() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let me = announce(&storage).await;
    storage.enqueue(&[job()]).await.unwrap();
    let (mut child, held) = child_that_holds_a_job(&database).await;

    child.start_kill().unwrap();
    let killed = Instant::now();
    timeout(PATIENCE, storage.peer_died(me)).await.unwrap();
    let rescued = storage.rescue(PATIENCE).await.unwrap();
    let claimed = claim(&storage, me).await;

    let took = killed.elapsed();
    println!("killed to claimed again: {} ms", took.as_millis());
    assert_eq!(rescued.jobs, [held]);
    assert_eq!(claimed[0].lease.job, held);
    assert_eq!(claimed[0].abandoned, 1);
    assert!(took < Duration::from_secs(1), "{took:?}");
    child.wait().await.unwrap();
}

#[tokio::test]
async fn a_restart_gives_back_what_the_killed_process_held_at_once() {
    let database = Database::create().await;
    let storage = database.storage().await;
    storage.enqueue(&[job()]).await.unwrap();
    drop(storage);
    let (mut child, held) = child_that_holds_a_job(&database).await;
    child.kill().await.unwrap();

    let restarted = database.storage().await;
    let rescued = restarted.rescue(PATIENCE).await.unwrap();

    assert_eq!(rescued.jobs, [held]);
    assert_eq!(
        restarted.rescue(PATIENCE).await.unwrap(),
        Rescued::default()
    );
}

#[tokio::test]
async fn a_living_process_is_left_alone() {
    let database = Database::create().await;
    let storage = database.storage().await;
    announce(&storage).await;
    storage.enqueue(&[job()]).await.unwrap();
    let (mut child, _) = child_that_holds_a_job(&database).await;

    let rescued = storage.rescue(PATIENCE).await.unwrap();

    assert_eq!(rescued, Rescued::default());
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_server_that_hangs_is_found_though_the_clock_was_set_back() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let server = announce(&storage).await;
    sqlx::query("update job_engine_servers set heartbeat_at = heartbeat_at + 3600000000")
        .execute(&database.pool().await)
        .await
        .unwrap();

    let rescued = storage.rescue(PATIENCE).await.unwrap();

    assert_eq!(rescued.servers, [server]);
}

#[tokio::test]
async fn a_retired_server_leaves_no_lock_behind() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let server: ServerId = announce(&storage).await;
    assert_eq!(locks(&database), 1);

    storage.retire(server).await.unwrap();

    assert_eq!(locks(&database), 0);
}

/// The other process of the tests above: it claims, says so, and never ends.
#[tokio::test]
#[ignore = "other tests start it as a process of its own"]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent says where the file is"
)]
async fn child() {
    let path = std::env::var(CHILD_FILE).expect("it is started by another test");
    let storage = SqliteStorage::open(path).await.unwrap();
    let server = announce(&storage).await;
    let claimed = claim(&storage, server).await;
    println!("holds {}", claimed[0].lease.job);
    std::future::pending::<()>().await;
}

async fn child_that_holds_a_job(database: &Database) -> (Child, JobId) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["pulse::child", "--exact", "--ignored", "--nocapture"])
        .env(CHILD_FILE, database.path())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
        let line = line.expect("the child claims before it ends");
        if let Some((_, id)) = line.split_once("holds ") {
            return (child, JobId(id.parse().unwrap()));
        }
    }
}

fn locks(database: &Database) -> usize {
    let mut directory = database.path().into_os_string();
    directory.push(".locks");
    std::fs::read_dir(directory).unwrap().count()
}
