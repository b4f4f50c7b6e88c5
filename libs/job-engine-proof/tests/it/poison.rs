//! A job that kills its process, among many that do not.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::{JobSummary, SharedStorage};
use job_engine::{Attempt, Client, Job, JobError, JobId, Registry, Server, ServerOptions, State};
use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::clients;
use crate::place::Place;
use crate::settings;

const PATIENCE: Duration = Duration::from_mins(2);
const INNOCENT: usize = 60;

#[derive(Serialize, Deserialize)]
struct Kill;

impl Job for Kill {
    const NAME: &'static str = "kill";
    type Context = ();

    async fn run(&self, (): &(), _attempt: &Attempt) -> Result<(), JobError> {
        std::process::abort();
    }
}

#[derive(Serialize, Deserialize)]
struct Work;

impl Job for Work {
    const NAME: &'static str = "work";
    type Context = ();

    async fn run(&self, (): &(), _attempt: &Attempt) -> Result<(), JobError> {
        sleep(Duration::from_millis(100)).await;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_killer_among_many_innocents_is_given_up_after_three_deaths_in_postgres() {
    let place = Place::postgres(&settings::postgres()).await;

    only_the_killer_is_given_up(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_killer_among_many_innocents_is_given_up_after_three_deaths_in_sqlite() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let place = Place::sqlite(folder.path()).await;

    only_the_killer_is_given_up(&place).await;
}

async fn only_the_killer_is_given_up(place: &Place) {
    let storage = place.storage().await.unwrap();
    let client = Client::new(storage.clone());
    let mut innocent = Vec::new();
    let mut killer = None;
    for number in 0..INNOCENT {
        innocent.push(client.enqueue(&Work).await.unwrap());
        if number == 5 {
            killer = Some(client.enqueue(&Kill).await.unwrap());
        }
    }

    let deaths = timeout(PATIENCE, work_off(place, &storage)).await.unwrap();

    let killer = summary(&storage, killer.unwrap()).await;
    assert_eq!(deaths, 3, "{killer:?}");

    assert_eq!(killer.state, State::Failed);
    let error = killer.error.unwrap();
    assert_eq!(error.kind, "crash");
    assert_eq!(
        error.message,
        "the process died 3 times while it ran this job"
    );
    for id in innocent {
        let job = summary(&storage, id).await;
        assert_eq!(job.state, State::Succeeded, "{job:?}");
        assert!(job.abandoned < 3, "{job:?}");
    }
}

/// Starts a process anew as often as one dies, until every job has ended. Answers how many died.
async fn work_off(place: &Place, storage: &SharedStorage) -> usize {
    let mut deaths = 0;
    loop {
        let mut child = start_child(place);
        tokio::select! {
            died = child.wait() => {
                assert!(!died.unwrap().success());
                deaths += 1;
            }
            () = all_ended(storage) => {
                child.kill().await.unwrap();
                return deaths;
            }
        }
    }
}

async fn all_ended(storage: &SharedStorage) {
    while clients::unfinished(storage).await != Some(0) {
        sleep(Duration::from_millis(20)).await;
    }
}

async fn summary(storage: &SharedStorage, id: JobId) -> JobSummary {
    storage.job(id).await.unwrap().unwrap().summary
}

fn start_child(place: &Place) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["poison::child", "--exact", "--ignored"])
        .env(settings::PLACE, place.address())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// The process that runs the jobs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "another test starts it as a process of its own"]
async fn child() {
    let storage = settings::place().storage().await.unwrap();
    let registry = Registry::default().with::<Kill>().with::<Work>();
    let options = ServerOptions {
        workers: 20,
        ..ServerOptions::default()
    };
    let server = Server::new(storage, registry, Arc::new(())).options(options);
    let _server = server.start().await.unwrap();
    std::future::pending::<()>().await;
}
